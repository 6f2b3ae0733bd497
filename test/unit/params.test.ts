import { describe, expect, test } from 'vitest';
import type { Param, Params } from '../../core/params.ts';
import { fillParams, formatParam, parseParam, placeholderOf } from '../../core/params.ts';
import { refusalOf } from '../refusal.ts';

const count: Param = { type: 'count', default: 50, min: 1, max: 1_000, help: '' };
const rate: Param = { type: 'ratePerS', default: 10, min: 0.1, max: 5_000, help: '' };
const size: Param = { type: 'sizeBytes', default: 1_024, min: 75, max: 1_048_576, help: '' };
const time: Param = { type: 'durationMs', default: 10_000, min: 500, max: 3_600_000, help: '' };
const share: Param = { type: 'share', default: 0.1, min: 0, max: 1, help: '' };
const choice: Param = {
  type: 'choice',
  choices: ['server', 'client'],
  default: 'server',
  help: '',
};
const text: Param = { type: 'text', placeholder: 'words', default: '', help: '' };

const refusal = (name: string, param: Param, text: string) =>
  refusalOf(() => parseParam(name, param, text));

describe('a parameter', () => {
  test.each([
    { param: count, text: '500', value: 500, written: '500', placeholder: 'n' },
    { param: rate, text: '50/s', value: 50, written: '50/s', placeholder: 'n/s' },
    { param: rate, text: '30/m', value: 0.5, written: '0.5/s', placeholder: 'n/s' },
    { param: size, text: '1KiB', value: 1_024, written: '1KiB', placeholder: 'size' },
    { param: time, text: '1.5s', value: 1_500, written: '1.5s', placeholder: 'time' },
    { param: share, text: '10%', value: 0.1, written: '10%', placeholder: 'n%' },
    {
      param: choice,
      text: 'client',
      value: 'client',
      written: 'client',
      placeholder: 'server|client',
    },
    { param: text, text: 'a < b', value: 'a < b', written: 'a < b', placeholder: 'words' },
  ])(
    'of type $param.type reads $text, writes $written and shows $placeholder',
    ({ param, text, value, written, placeholder }) => {
      expect(parseParam('x', param, text)).toBe(value);
      expect(formatParam(param, value)).toBe(written);
      expect(placeholderOf(param)).toBe(placeholder);
    },
  );

  test.each([
    { param: count, text: '1' },
    { param: count, text: '1_000' },
    { param: share, text: '0%' },
    { param: share, text: '100%' },
  ])('of type $param.type takes its limit $text', ({ param, text }) => {
    expect(() => parseParam('x', param, text)).not.toThrow();
  });

  test.each([
    { name: 'clients', param: count, text: '0', message: '--clients 0 is outside 1 … 1000.' },
    { name: 'clients', param: count, text: '1001', message: '--clients 1001 is outside 1 … 1000.' },
    { name: 'payload', param: size, text: '74B', message: '--payload 74B is outside 75B … 1MiB.' },
    { name: 'duration', param: time, text: '2h', message: '--duration 2h is outside 500ms … 1h.' },
    { name: 'rate', param: rate, text: '1/m', message: '--rate 1/m is outside 0.1/s … 5000/s.' },
    { name: 'lost', param: share, text: '101%', message: '--lost 101% is outside 0% … 100%.' },
  ])(
    'refuses $text beyond its limits, naming the flag and both limits',
    ({ name, param, text, message }) => {
      expect(refusal(name, param, text)).toMatchObject({
        code: 'out-of-range',
        message,
        exitCode: 2,
      });
    },
  );

  test.each([
    {
      name: 'clients',
      param: count,
      text: 'many',
      message: "--clients: 'many' is not a whole number; write it like 500.",
    },
    {
      name: 'rate',
      param: rate,
      text: '50',
      message: "--rate: '50' has no unit; write it like 50/s or 30/m.",
    },
    {
      name: 'from',
      param: choice,
      text: 'proxy',
      message: "--from: 'proxy' is not one of server, client.",
    },
  ])('refuses $text that it cannot read, naming the flag', ({ name, param, text, message }) => {
    expect(refusal(name, param, text)).toMatchObject({ code: 'bad-value', message, exitCode: 2 });
  });
});

describe('filling in', () => {
  const params: Params = { clients: count, duration: time, from: choice };

  test('gives every parameter its default', () => {
    expect(fillParams(params, {})).toEqual({ clients: 50, duration: 10_000, from: 'server' });
  });

  test('lets what was given go before the default', () => {
    expect(fillParams(params, { clients: '7', from: 'client' })).toEqual({
      clients: 7,
      duration: 10_000,
      from: 'client',
    });
  });

  test('leaves out what is no parameter', () => {
    expect(fillParams(params, { colour: 'red' })).not.toHaveProperty('colour');
  });
});
