// `npm run sample-report`: writes docs/sample-report.html from runs on the reference and the QEMU programs that are here.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const program = fileURLToPath(new URL('qmpcheck', import.meta.url));
const report = fileURLToPath(new URL('../docs/sample-report.html', import.meta.url));
const targets = ['reference', 'qemu-system', 'qemu-storage-daemon'];

const call = (...args) => {
  const { status } = spawnSync(process.execPath, [program, ...args], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  if (status !== 0 && status !== 1) process.exit(status ?? 2);
};

const folder = mkdtempSync(join(tmpdir(), 'qmpcheck-sample-'));
try {
  const records = targets.map((target) => {
    const record = join(folder, `${target}.json`);
    // a busy machine is no deviation
    call('run', '--target', target, '--case-timeout', '120000', '--reporter', `json=${record}`);
    return record;
  });
  call('compat', ...records, '--html', report);
} finally {
  rmSync(folder, { recursive: true });
}
