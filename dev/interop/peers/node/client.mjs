// The cases as calls of grpc-js, each an async function of a client.
// No parsing of flags and no printing: `grpc_js.mjs` does both.

import {
  CALL_MILLISECONDS, COMPRESSED_REQUESTS, SPECIAL_STATUS_MESSAGE, STATUS_MESSAGE, STREAM_REPLIES, STREAM_REQUESTS,
  TestService, UNARY_REPLY, UNARY_REQUEST, UnimplementedService, echoMetadata, expect, expectEcho, expectStatus, expectZeros,
  grpc, inputRequest, outputRequest, simpleRequest, sum,
} from './contract.mjs';

const { status } = grpc;
const within = (milliseconds = CALL_MILLISECONDS) => ({ deadline: Date.now() + milliseconds });

/** A call under way: its messages one at a time, and how it ended. */
class Exchange {
  #messages = [];
  #wake = () => {};
  #ended = false;

  constructor(call) {
    this.call = call;
    this.metadata = new Promise((resolve) => call.once('metadata', resolve));
    this.status = new Promise((resolve) => call.once('status', resolve));
    call.on('data', (message) => { this.#messages.push(message); this.#wake(); });
    for (const end of ['end', 'error']) call.on(end, () => { this.#ended = true; this.#wake(); });
  }

  /** The next message, or null where the stream ends, well or not. */
  async next() {
    while (this.#messages.length === 0 && !this.#ended) await new Promise((resolve) => { this.#wake = resolve; });
    return this.#messages.shift() ?? null;
  }

  async expectZeros(what, size) {
    const message = await this.next();
    if (message === null) expectStatus(await this.status, status.OK);
    expectZeros(what, message, size);
  }

  async expectEnd(code = status.OK, details = undefined) {
    if ((await this.next()) !== null) throw new Error('expected the end of the stream, got another message');
    expectStatus(await this.status, code, details);
  }
}

/** Starts a call that has one reply: `start` gets the callback. Resolves to {reply, error, initial, status}. */
async function oneReply(start) {
  let call;
  const outcome = await new Promise((resolve) => {
    const initial = new Promise((known) => {
      call = start((error, reply) => resolve({ error, reply, initial, ended }));
      call.once('metadata', known);
    });
    const ended = new Promise((known) => call.once('status', known));
  });
  return { ...outcome, status: await outcome.ended };
}

async function success(start) {
  const outcome = await oneReply(start);
  if (outcome.error) expectStatus(outcome.error, status.OK);
  return outcome;
}

async function failure(start) {
  const { error } = await oneReply(start);
  if (!error) throw new Error('expected an error, got a reply');
  return error;
}

const unary = (client, request, metadata = new grpc.Metadata()) => (done) =>
  client.UnaryCall(request, metadata, within(), done);
const duplex = (client, metadata = new grpc.Metadata(), options = within()) =>
  new Exchange(client.FullDuplexCall(metadata, options));
const withStatus = (message) => ({ response_status: { code: status.UNKNOWN, message } });

async function streamIn(client, requests) {
  const { reply } = await success((done) => {
    const call = client.StreamingInputCall(within(), done);
    for (const request of requests) call.write(request);
    call.end();
    return call;
  });
  return reply.aggregated_payload_size;
}

async function empty_unary(client) {
  const { reply } = await success((done) => client.EmptyCall({}, within(), done));
  expect('reply', JSON.stringify(reply), '{}');
}

async function large_unary(client) {
  expectZeros('reply', (await success(unary(client, simpleRequest()))).reply, UNARY_REPLY);
}

async function client_streaming(client) {
  const requests = STREAM_REQUESTS.map((size) => inputRequest(size));
  expect('aggregated_payload_size', await streamIn(client, requests), sum(STREAM_REQUESTS));
}

async function server_streaming(client) {
  const replies = new Exchange(client.StreamingOutputCall(outputRequest(STREAM_REPLIES), within()));
  for (const [index, size] of STREAM_REPLIES.entries()) await replies.expectZeros(`message ${index + 1}`, size);
  await replies.expectEnd();
}

async function ping_pong(client, compressed = false) {
  const exchange = duplex(client);
  for (const [index, size] of STREAM_REQUESTS.entries()) {
    exchange.call.write(outputRequest([STREAM_REPLIES[index]], size, compressed));
    await exchange.expectZeros(`message ${index + 1}`, STREAM_REPLIES[index]);
  }
  exchange.call.end();
  await exchange.expectEnd();
}

async function empty_stream(client) {
  const exchange = duplex(client);
  exchange.call.end();
  await exchange.expectEnd();
}

async function custom_metadata(client) {
  const { reply, initial, status: ended } = await success(unary(client, simpleRequest(), echoMetadata()));
  expectZeros('reply', reply, UNARY_REPLY);
  expectEcho(await initial, ended.metadata);
  const exchange = duplex(client, echoMetadata());
  exchange.call.write(outputRequest([UNARY_REPLY], UNARY_REQUEST));
  exchange.call.end();
  await exchange.expectZeros('duplex reply', UNARY_REPLY);
  await exchange.expectEnd();
  expectEcho(await exchange.metadata, (await exchange.status).metadata);
}

async function status_code_and_message(client) {
  expectStatus(await failure(unary(client, withStatus(STATUS_MESSAGE))), status.UNKNOWN, STATUS_MESSAGE);
  const exchange = duplex(client);
  exchange.call.write(withStatus(STATUS_MESSAGE));
  exchange.call.end();
  await exchange.expectEnd(status.UNKNOWN, STATUS_MESSAGE);
}

async function special_status_message(client) {
  const error = await failure(unary(client, withStatus(SPECIAL_STATUS_MESSAGE)));
  expectStatus(error, status.UNKNOWN, SPECIAL_STATUS_MESSAGE);
}

async function unimplemented_method(client) {
  expectStatus(await failure((done) => client.UnimplementedCall({}, within(), done)), status.UNIMPLEMENTED);
}

async function unimplemented_service(client) {
  const other = new UnimplementedService('unused', null, { channelOverride: client.getChannel() });
  expectStatus(await failure((done) => other.UnimplementedCall({}, within(), done)), status.UNIMPLEMENTED);
}

async function cancel_after_begin(client) {
  const error = await failure((done) => {
    const call = client.StreamingInputCall(within(), done);
    call.cancel();
    return call;
  });
  expectStatus(error, status.CANCELLED);
}

async function cancel_after_first_response(client) {
  const exchange = duplex(client);
  exchange.call.write(outputRequest([STREAM_REPLIES[0]], STREAM_REQUESTS[0]));
  await exchange.expectZeros('message 1', STREAM_REPLIES[0]);
  exchange.call.cancel();
  await exchange.expectEnd(status.CANCELLED);
}

async function timeout_on_sleeping_server(client) {
  const exchange = duplex(client, new grpc.Metadata(), within(1));
  exchange.call.write(outputRequest([], STREAM_REQUESTS[0]));
  await exchange.expectEnd(status.DEADLINE_EXCEEDED);
}

async function gzip_unary(client) {
  expectZeros('reply', (await success(unary(client, simpleRequest(true)))).reply, UNARY_REPLY);
}

async function gzip_streaming(client) {
  const requests = COMPRESSED_REQUESTS.map((size) => inputRequest(size, true));
  expect('aggregated_payload_size', await streamIn(client, requests), sum(COMPRESSED_REQUESTS));
  await ping_pong(client, true);
}

const GZIP_CASES = { gzip_unary, gzip_streaming };
export const CASES = {
  empty_unary, large_unary, client_streaming, server_streaming, ping_pong, empty_stream, custom_metadata,
  status_code_and_message, special_status_message, unimplemented_method, unimplemented_service, cancel_after_begin,
  cancel_after_first_response, timeout_on_sleeping_server, ...GZIP_CASES,
};

/** Runs cases over one plain connection, and over one that compresses every request, opened when first needed. */
export class Runner {
  #clients = new Map();

  constructor(target) {
    this.target = target;
  }

  /** Resolves, or rejects with the reason. */
  async run(name) {
    const compressed = name in GZIP_CASES;
    if (!this.#clients.has(compressed)) this.#clients.set(compressed, await this.#connect(compressed));
    await CASES[name](this.#clients.get(compressed));
  }

  async #connect(compressed) {
    const compression = compressed ? { 'grpc.default_compression_algorithm': 2 } : {};
    const options = { 'grpc.enable_http_proxy': 0, ...compression };
    const client = new TestService(this.target, grpc.credentials.createInsecure(), options);
    await new Promise((resolve, reject) => {
      client.waitForReady(within().deadline, (error) => (error ? reject(error) : resolve()));
    });
    return client;
  }

  close() {
    for (const client of this.#clients.values()) client.close();
  }
}
