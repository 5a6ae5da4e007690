// An endpoint for tests that lacks some commands of another: `hiding-proxy.mjs HIDDEN COMMAND ARG…`, where HIDDEN is a comma
// list of commands that get CommandNotFound, or whatever QMPCHECK_HIDDEN_REPLY holds, and COMMAND speaks QMP on its
// standard input and output, a message a line. With QMPCHECK_HIDDEN_LISTED query-commands goes on to list them.
// QMPCHECK_DEADLY: the command at which it ends where a probe gives an option that no driver has. QMPCHECK_HIDDEN_DRIVERS:
// drivers that blockdev-add refuses as unknown. QMPCHECK_READABLE: the folder outside of which it
// is denied files.
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

const [hidden, command, ...args] = process.argv.slice(2);
const names = new Set(hidden.split(','));
const drivers = new Set((process.env.QMPCHECK_HIDDEN_DRIVERS ?? '').split(','));
const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'inherit'] });
child.on('exit', (code, signal) => process.exit(signal === null ? (code ?? 0) : 1));
createInterface({ input: child.stdout }).on('line', (line) =>
  process.stdout.write(`${withoutHidden(line)}\r\n`),
);
process.stdout.on('error', () => child.kill());

function reply(message, body) {
  process.stdout.write(`${JSON.stringify({ ...body, ...('id' in message && { id: message.id }) })}\r\n`);
}

/** Takes hidden commands out of the reply to query-commands. */
function withoutHidden(line) {
  if (!line.includes('"qmp_capabilities"') || process.env.QMPCHECK_HIDDEN_LISTED) return line;
  const message = JSON.parse(line);
  if (!Array.isArray(message.return)) return line;
  return JSON.stringify({ ...message, return: message.return.filter(({ name }) => !names.has(name)) });
}

function refuses(message) {
  const { execute, arguments: given = {} } = message;
  if (names.has(execute)) {
    const error = { class: 'CommandNotFound', desc: `The command ${execute} has not been found` };
    reply(message, JSON.parse(process.env.QMPCHECK_HIDDEN_REPLY ?? JSON.stringify({ error })));
    return true;
  }
  const { QMPCHECK_READABLE: readable, QMPCHECK_DEADLY: deadly } = process.env;
  if (execute === deadly && 'qmpcheck-no-option' in given) process.kill(process.pid, 'SIGABRT');
  if (readable !== undefined && given.filename !== undefined && !given.filename.startsWith(`${readable}/`)) {
    reply(message, {
      error: { class: 'GenericError', desc: `Could not open '${given.filename}': Permission denied` },
    });
    return true;
  }
  if (execute !== 'blockdev-add' || !drivers.has(given.driver)) return false;
  reply(message, { error: { class: 'GenericError', desc: `Unknown driver '${given.driver}'` } });
  return true;
}

const lines = createInterface({ input: process.stdin });
lines.on('line', (line) => {
  let message;
  try {
    message = JSON.parse(line);
  } catch {
    message = null;
  }
  if (typeof message?.execute !== 'string' || !refuses(message)) child.stdin.write(`${line}\n`);
});
lines.on('close', () => child.stdin.end());
