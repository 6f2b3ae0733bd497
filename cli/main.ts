#!/usr/bin/env node
/** The program: finds the command, runs it, and turns what was thrown into two lines and an exit code. */
import { runCommand } from './commands.ts';
import { ioOf } from './io.ts';

const io = ioOf(process);
process.exitCode = await runCommand(io);
