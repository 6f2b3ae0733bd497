/** A throw-away certificate for loopback, so that TLS can be measured without anybody's key. */
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createTemporaryFolder } from './temporary-folder.ts';

export interface Certificate {
  readonly certPath: string;
  readonly keyPath: string;
  /** PEM of the certificate, which is its own authority. */
  readonly ca: string;
  /** Deletes both files. */
  remove(): void;
}

/** For 127.0.0.1, ::1 and localhost; an EC key of P-256, as most servers have today; valid for a day. */
export async function createCertificate(): Promise<Certificate> {
  // Loaded here, since hardly any run needs it.
  const { generate } = await import('selfsigned');
  const notBeforeDate = new Date();
  const { cert, private: key } = await generate([{ name: 'commonName', value: 'localhost' }], {
    keyType: 'ec',
    curve: 'P-256',
    algorithm: 'sha256',
    notBeforeDate,
    notAfterDate: new Date(notBeforeDate.getTime() + 24 * 3_600_000),
    extensions: [
      { name: 'basicConstraints', cA: true },
      {
        name: 'subjectAltName',
        altNames: [
          { type: 2, value: 'localhost' },
          { type: 7, ip: '127.0.0.1' },
          { type: 7, ip: '::1' },
        ],
      },
    ],
  });
  const folder = createTemporaryFolder('tls');
  const certPath = join(folder, 'cert.pem');
  const keyPath = join(folder, 'key.pem');
  writeFileSync(certPath, cert);
  writeFileSync(keyPath, key, { mode: 0o600 });
  return { certPath, keyPath, ca: cert, remove: () => rmSync(folder, { recursive: true }) };
}
