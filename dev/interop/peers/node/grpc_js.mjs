// The peer over Node grpc-js: `server --port N`, or `client --server_host H --server_port N --test_case T[,T...]`.
// A client prints one line a case, `PASS case` or `FAIL case: reason`, reasons on stderr too, and exits with 1 when one failed.

import { parseArgs } from 'node:util';

import { CASES, Runner } from './client.mjs';
import { serve } from './server.mjs';

function usage(problem) {
  console.error(`grpc_js: ${problem}`);
  console.error('usage: grpc_js.mjs server --port N | client --server_host H --server_port N --test_case T[,T...]');
  process.exit(2);
}

async function runCases({ server_host: host, server_port: port, test_case: names }) {
  const cases = names.split(',');
  for (const name of cases) {
    if (!(name in CASES)) usage(`unknown test case '${name}'; there are ${Object.keys(CASES).join(', ')}`);
  }
  let failed = false;
  const runner = new Runner(`${host.includes(':') ? `[${host}]` : host}:${port}`);
  for (const name of cases) {
    try {
      await runner.run(name);
      console.log(`PASS ${name}`);
    } catch (error) {
      const reason = error.message.replace(/\s+/g, ' ');
      console.log(`FAIL ${name}: ${reason}`);
      console.error(`${name}: ${reason}`);
      failed = true;
    }
  }
  runner.close();
  process.exit(failed ? 1 : 0); // grpc-js would stay until the deadlines of the calls have passed
}

const [role, ...rest] = process.argv.slice(2);
const text = { type: 'string' };
if (role === 'server') {
  const { values } = parseArgs({ args: rest, options: { port: text } });
  serve(values.port ?? usage('server needs --port N'));
} else if (role === 'client') {
  const options = { server_host: { ...text, default: '127.0.0.1' }, server_port: text, test_case: text };
  const { values } = parseArgs({ args: rest, options });
  if (!values.server_port || !values.test_case) usage('client needs --server_port N and --test_case T');
  await runCases(values);
} else {
  usage(`the first word is server or client, not '${role ?? ''}'`);
}
