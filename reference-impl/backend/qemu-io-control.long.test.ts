/** That QEMU 7.2 prints what `qemu-io-facts.ts` says. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { expect, test } from 'vitest';
import { whyMissing } from '../testing/external-programs.ts';
import { FACT_OPTIONS, FACTS, type Fact } from '../testing/qemu-io-facts.ts';

const missing = whyMissing(['qemu-system-x86_64'], 'qemu');

test.skipIf(missing !== undefined)(`QEMU prints the facts${missing ? `: ${missing}` : ''}`, async () => {
  const machine = ['-machine', 'none', '-nodefaults', '-display', 'none', '-accel', 'tcg', '-S'];
  const qemu = spawn('qemu-system-x86_64', [...machine, ...FACT_OPTIONS, '-qmp', 'stdio']);
  try {
    const lines = createInterface({ input: qemu.stdout })[Symbol.asyncIterator]();
    let err = '';
    qemu.stderr.on('data', (bytes: Buffer) => {
      err += bytes.toString();
    });
    /** What is printed until the command is answered, and the answer. */
    const execute = async (command: string, args?: object): Promise<[out: string, answer: string]> => {
      qemu.stdin.write(`${JSON.stringify({ execute: command, ...(args && { arguments: args }) })}\n`);
      for (let out = ''; ; ) {
        const { value, done } = await lines.next();
        if (done) throw new Error(`QEMU ended: ${err}`);
        if (/^\{"(return|error)"/.test(value)) return [out, value];
        if (!value.startsWith('{"')) out += `${value}\n`;
      }
    };
    await execute('qmp_capabilities');
    const observed: Fact[] = [];
    for (const { on, line } of FACTS) {
      err = '';
      const [printed, answer] = await execute('human-monitor-command', {
        'command-line': `qemu-io ${on} "${line}"`,
      });
      // What ends later is printed before the next answer.
      const [after] = await execute('query-version');
      const told = (JSON.parse(answer) as { return: string }).return.trim();
      observed.push({ on, line, out: printed + after, err, told });
    }
    expect(observed).toEqual(FACTS.map((fact) => ({ out: '', err: '', told: '', ...fact })));
  } finally {
    qemu.kill('SIGKILL');
    await once(qemu, 'exit');
  }
});
