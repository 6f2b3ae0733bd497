/** What is in an answer that was compressed on its way. */
import type { IncomingMessage } from 'node:http';
import type { Readable } from 'node:stream';
import { constants, createBrotliDecompress, createUnzip } from 'node:zlib';

/** As a browser does it: with what there is, and not only with whole blocks. */
export function decoded(response: IncomingMessage): Readable {
  switch (response.headers['content-encoding']) {
    case 'gzip':
    case 'deflate':
      return response.pipe(createUnzip({ flush: constants.Z_SYNC_FLUSH }));
    case 'br':
      return response.pipe(createBrotliDecompress({ flush: constants.BROTLI_OPERATION_FLUSH }));
    default:
      return response;
  }
}
