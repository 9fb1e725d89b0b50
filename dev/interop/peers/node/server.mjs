// grpc.testing.TestService over grpc-js.
// Two fields cannot be obeyed: grpc-js tells a handler nothing of the compression of its requests (`expect_compressed`),
// and its server never compresses (`response_compressed`). UnimplementedCall is left out on purpose, and so UNIMPLEMENTED.

import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';

import { INITIAL_KEY, TRAILING_KEY, TestService, grpc, zeros } from './contract.mjs';

const SERVER_ID = `grpc-js-${process.pid}`;
const COMPRESSABLE = 0;

/** Sends the initial metadata that was asked for; returns the trailing ones. */
function echo(call) {
  const initial = new grpc.Metadata();
  const trailing = new grpc.Metadata();
  for (const value of call.metadata.get(INITIAL_KEY)) initial.add(INITIAL_KEY, value);
  for (const value of call.metadata.get(TRAILING_KEY)) trailing.add(TRAILING_KEY, value);
  if (initial.get(INITIAL_KEY).length > 0) call.sendMetadata(initial);
  return trailing;
}

/** The error that a request asks for, or null. */
function errorAsked(request, metadata) {
  if (request.response_type !== COMPRESSABLE) {
    const details = `response_type ${request.response_type} is not supported; use 0`;
    return { code: grpc.status.INVALID_ARGUMENT, details, metadata };
  }
  const { code = 0, message = '' } = request.response_status ?? {};
  return code === 0 ? null : { code: code in grpc.status ? code : grpc.status.UNKNOWN, details: message, metadata };
}

async function writeReplies(call, request) {
  for (const { size, interval_us } of request.response_parameters) {
    if (interval_us > 0) await sleep(interval_us / 1000);
    if (call.cancelled) return;
    if (!call.write({ payload: zeros(size) })) await Promise.race([once(call, 'drain'), once(call, 'cancelled')]);
  }
}

/** Answers the requests of a stream in their order; `requests` is any iterable, sync or not. */
async function answerAll(call, requests) {
  const trailing = echo(call);
  for await (const request of requests) {
    const error = errorAsked(request, trailing);
    if (error !== null) return void call.emit('error', error);
    await writeReplies(call, request);
    if (call.cancelled) return;
  }
  call.end(trailing);
}

/** The requests of a stream as they come; ends at half-close or when the client cancels. Never destroys the call. */
async function* requestsOf(call) {
  const waiting = [];
  let ended = false;
  let wake = () => {};
  const end = () => { ended = true; wake(); };
  call.on('data', (request) => { waiting.push(request); call.pause(); wake(); });
  call.on('end', end);
  call.on('cancelled', end);
  for (;;) {
    while (waiting.length > 0) yield waiting.shift();
    if (ended) return;
    const woken = new Promise((resolve) => { wake = resolve; });
    call.resume();
    await woken;
  }
}

const reply = (callback, trailing, message) => callback(null, message, trailing);

const handlers = {
  EmptyCall: (call, callback) => reply(callback, echo(call), {}),
  UnaryCall(call, callback) {
    const trailing = echo(call);
    const error = errorAsked(call.request, trailing);
    if (error !== null) return void callback(error);
    const { response_size, fill_server_id } = call.request;
    reply(callback, trailing, { payload: zeros(response_size), server_id: fill_server_id ? SERVER_ID : '' });
  },
  CacheableUnaryCall(call, callback) {
    const body = Buffer.from(process.hrtime.bigint().toString());
    reply(callback, echo(call), { payload: { type: COMPRESSABLE, body } });
  },
  StreamingInputCall(call, callback) {
    const trailing = echo(call);
    let size = 0;
    call.on('data', (request) => { size += request.payload?.body.length ?? 0; });
    call.on('end', () => reply(callback, trailing, { aggregated_payload_size: size }));
  },
  StreamingOutputCall: (call) => answerAll(call, [call.request]),
  FullDuplexCall: (call) => answerAll(call, requestsOf(call)),
  async HalfDuplexCall(call) {
    const requests = [];
    for await (const request of requestsOf(call)) requests.push(request);
    await answerAll(call, requests);
  },
};

export function serve(port) {
  const server = new grpc.Server({ 'grpc.so_reuseport': 0 });
  server.addService(TestService.service, handlers);
  server.bindAsync(`127.0.0.1:${port}`, grpc.ServerCredentials.createInsecure(), (error, bound) => {
    if (error) {
      console.error(`cannot listen on 127.0.0.1:${port}: ${error.message}`);
      process.exit(1);
    }
    console.log(`listening on ${bound}`);
  });
}
