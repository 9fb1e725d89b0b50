// What the Node client and server share: the loaded contract, the numbers of the cases, and what a reply must look like.
// No call is made here. The law: the interop test descriptions of the gRPC project (sizes, keys and texts come from there).

import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '../../../..');
const peers = resolve(process.env.CARGO_TARGET_DIR ?? `${root}/target`, 'peers');
if (!existsSync(`${peers}/node_modules`)) {
  console.error(`no packages in ${peers}/node_modules; run dev/interop/peers/setup`);
  process.exit(2);
}
// The packages live under target/, where an `import` would not look.
const require = createRequire(`${peers}/package.json`);
export const grpc = require('@grpc/grpc-js');
const loader = require('@grpc/proto-loader');

const definition = loader.loadSync('grpc/testing/test.proto', {
  includeDirs: [`${root}/proto`], keepCase: true, defaults: true, enums: Number, longs: Number,
});
export const { TestService, UnimplementedService } = grpc.loadPackageDefinition(definition).grpc.testing;

export const CALL_MILLISECONDS = 8000; // deadline of every call of a case, below the 10 s that the runner allows a case

export const UNARY_REQUEST = 271828;
export const UNARY_REPLY = 314159;
export const STREAM_REQUESTS = [27182, 8, 1828, 45904];
export const STREAM_REPLIES = [31415, 9, 2653, 58979];
export const COMPRESSED_REQUESTS = [27182, 45904]; // large enough that every library finds compressing worth while

export const INITIAL_KEY = 'x-grpc-test-echo-initial';
export const INITIAL_VALUE = 'test_initial_metadata_value';
export const TRAILING_KEY = 'x-grpc-test-echo-trailing-bin';
export const TRAILING_VALUE = Buffer.from('ababab', 'hex');

export const STATUS_MESSAGE = 'test status message';
export const SPECIAL_STATUS_MESSAGE = '\t\ntest with whitespace\r\nand Unicode BMP \u263a and non-BMP \u{1f608}\t\n';

export const zeros = (size) => ({ type: 0, body: Buffer.alloc(size) });

export const sum = (sizes) => sizes.reduce((total, size) => total + size, 0);

/** The request of large_unary; with `compressed`, one that says that both directions are compressed. */
export function simpleRequest(compressed) {
  const request = { response_size: UNARY_REPLY, payload: zeros(UNARY_REQUEST) };
  return compressed ? { ...request, expect_compressed: { value: true }, response_compressed: { value: true } } : request;
}

export function inputRequest(size, compressed) {
  return { payload: zeros(size), ...(compressed ? { expect_compressed: { value: true } } : {}) };
}

export function outputRequest(replySizes, payload, compressed) {
  return {
    response_parameters: replySizes.map((size) => (compressed ? { size, compressed: { value: true } } : { size })),
    ...(payload === undefined ? {} : { payload: zeros(payload) }),
  };
}

export function echoMetadata() {
  const metadata = new grpc.Metadata();
  metadata.set(INITIAL_KEY, INITIAL_VALUE);
  metadata.set(TRAILING_KEY, TRAILING_VALUE);
  return metadata;
}

export function expect(what, seen, wanted) {
  if (seen !== wanted) throw new Error(`${what}: expected ${JSON.stringify(wanted)}, got ${JSON.stringify(seen)}`);
}

/** One reply whose payload is `size` zeros; null stands for a stream that ended. */
export function expectZeros(what, message, size) {
  if (message === null) throw new Error(`${what}: expected a message of ${size} bytes, the stream ended`);
  const body = message.payload?.body ?? Buffer.alloc(0);
  expect(`${what}: payload size`, body.length, size);
  if (!body.equals(Buffer.alloc(size))) throw new Error(`${what}: the payload of ${size} bytes is not all zeros`);
}

export function expectEcho(initial, trailing) {
  const shown = (values) => values.map((value) => Buffer.from(value).toString('hex')).join(', ');
  const wanted = (value) => Buffer.from(value).toString('hex');
  expect(`${INITIAL_KEY} in initial metadata (hex)`, shown(initial.get(INITIAL_KEY)), wanted(INITIAL_VALUE));
  expect(`${TRAILING_KEY} in trailing metadata (hex)`, shown(trailing.get(TRAILING_KEY)), wanted(TRAILING_VALUE));
}

export function expectStatus(status, code, details) {
  expect(`status (message ${JSON.stringify(status.details)})`, grpc.status[status.code], grpc.status[code]);
  if (details !== undefined) expect('status message', status.details, details);
}
