// Imports the modules that are given as arguments, all in this one process. Ends with 1 and names each that cannot be
// imported, or that does more than define: prints, ends the process, keeps it alive, listens to it, changes globals.
import { pathToFileURL } from 'node:url';

const faults = [];
let current = '';
const fault = (what) => faults.push(`${current}: ${what}`);
const write = process.stdout.write.bind(process.stdout);
for (const stream of [process.stdout, process.stderr]) {
  stream.write = (text) => {
    fault(`prints ${text}`);
    return true;
  };
}

const state = () =>
  JSON.stringify([
    Object.getOwnPropertyNames(globalThis),
    process.eventNames().map((name) => `${String(name)} ${process.listenerCount(name)}`),
    [process.env, process.cwd(), process.exitCode],
  ]);

let imported = false;
process.once('exit', () => {
  if (!imported) fault('ends the process');
  for (const line of faults) write(`${line}\n`);
  process.exitCode = faults.length > 0 ? 1 : 0;
});

for (const path of process.argv.slice(2)) {
  current = path;
  const before = state();
  try {
    await import(pathToFileURL(path).href);
  } catch (error) {
    fault(error.message);
  }
  if (state() !== before) fault('changes the process');
}
imported = true;
current = 'one of them';
setTimeout(() => {
  fault('keeps the process alive');
  process.exit();
}, 1_000).unref();
