// Calls users.v1.UserService in all four kinds of call, with Node's grpc-js. No farcall code in here.
//
//     node client.mjs [HOST:PORT]
//
// Needs the packages @grpc/grpc-js and @grpc/proto-loader; dev/interop/peers/setup installs them under target/peers.

import { once } from 'node:events';
import { createRequire } from 'node:module';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

// In a project of your own: import grpc from '@grpc/grpc-js'; import loader from '@grpc/proto-loader';
const root = fileURLToPath(new URL('../../../', import.meta.url));
const require = createRequire(resolve(process.env.CARGO_TARGET_DIR ?? `${root}target`, 'peers/package.json'));
const grpc = require('@grpc/grpc-js');
const loader = require('@grpc/proto-loader');

const definition = loader.loadSync(`${root}proto/users.proto`, { keepCase: true, longs: Number, defaults: true });
const { UserService } = grpc.loadPackageDefinition(definition).users.v1;
const soon = () => ({ deadline: Date.now() + 5000 });

/** Turns a call with one reply into a promise: `start` gets the callback. */
const oneReply = (start) =>
  new Promise((done, fail) => { start((error, reply) => (error ? fail(error) : done(reply))); });

async function createUsers(client) {
  console.log('CreateUsers (client streaming)');
  const { user_ids } = await oneReply((callback) => {
    const call = client.CreateUsers(soon(), callback);
    for (const [name, roles] of [['Ada', ['admin']], ['Grace', ['admin', 'navy']], ['Linus', []]]) {
      call.write({ name, email: `${name.toLowerCase()}@example.com`, roles });
    }
    call.end();
  });
  console.log(`  created ${user_ids.join(', ')}`);
  return user_ids;
}

async function getUser(client, user_id) {
  console.log('GetUser (unary)');
  const user = await oneReply((callback) => client.GetUser({ user_id }, soon(), callback));
  console.log(`  ${user.id}: ${user.name} <${user.email}>, roles [${user.roles}], nickname ${user.nickname ?? 'none'}`);
}

async function getNobody(client) {
  console.log('GetUser of nobody');
  try {
    await oneReply((callback) => client.GetUser({ user_id: 'nobody' }, soon(), callback));
  } catch (error) {
    console.log(`  ${grpc.status[error.code]}: ${error.details}`);
    const [cause] = error.metadata.get('grpc-status-details-bin');
    if (cause) console.log(`  with ${cause.length} bytes of details (google.rpc.Status)`);
  }
}

async function listUsers(client) {
  console.log('ListUsers (server streaming)');
  for await (const user of client.ListUsers({ role: 'admin', page_size: 10 }, soon())) {
    console.log(`  ${user.id}: ${user.name}`);
  }
}

async function chat(client, user_id) {
  console.log('Chat (bidirectional)');
  const call = client.Chat(soon());
  const ended = once(call, 'end');
  for (const text of ['hello', 'how are you?', 'bye']) {
    console.log(`  > ${text}`);
    call.write({ user_id, text, sent_at_unix_ms: Date.now() });
    const [reply] = await once(call, 'data');
    console.log(`  < ${reply.user_id}: ${reply.text}`);
  }
  call.end();
  await ended;
}

const client = new UserService(process.argv[2] ?? '127.0.0.1:50051', grpc.credentials.createInsecure());
try {
  const userIds = await createUsers(client);
  await getUser(client, userIds[0]);
  await getNobody(client);
  await listUsers(client);
  await chat(client, userIds[0]);
} catch (error) {
  console.error(`the call failed with ${grpc.status[error.code] ?? error.name}: ${error.details ?? error.message}`);
  process.exitCode = 1;
} finally {
  client.close();
}
