/** The bug report of a finding: what somebody who has never heard of this program would do by hand. */
import { expect, test } from 'vitest';
import { decode } from '../../generators/sequences/encoding.ts';
import type { CaseRecord } from '../../reports/record.ts';
import { bugReport } from './bug-report.ts';
import type { Finding } from './findings.ts';

const finding: Finding = {
  symptom: { kind: 'hang', check: 'hang', bucket: 'hang after block-stream', silent: true },
  target: 'qemu-storage-daemon:/opt/qsd',
  version: { qemu: { major: 9, minor: 1, micro: 0 }, package: 'v9.1.0-dirty' },
  seed: '7',
  runs: 3,
  held: 2,
};

const program = decode(`ground disks
  overwrite $f0 512 17
  blockdev-add {"driver": "file", "node-name": "$n2", "filename": "@DIR@/it's"}
  & @1 block-stream {"device": "$n2"}
  write $n2 0 512 34
  wait BLOCK_JOB_READY
  compare`);

const record: CaseRecord = {
  id: 'p',
  title: '',
  requirements: [],
  outcome: 'timeout',
  reason: 'query-jobs: nothing came within 3000 ms',
  durationMs: 0,
  deviations: [],
  process: { lastWords: ['said last'] },
  transcript: {
    name: '',
    what: '',
    endpoint: '',
    argv: ['-blockdev', '{"driver":"file","node-name":"n0","filename":"@DIR@/f0"}'],
    setup: [['qemu-img', 'create', '-q', '-f', 'raw', 'f0', '1048576']],
    steps: [
      {
        send: { execute: 'blockdev-add', id: 1 },
        reply: { error: { class: 'GenericError', desc: "no @DIR@/it's" }, id: 1 },
      },
      { send: { execute: 'block-stream', id: 2 } },
    ],
  },
};

test('tells how the endpoint is started, what is sent, and what it waited for in vain', () => {
  const text = bugReport(finding, program, record, { mute: null });
  expect(text).toContain(`
- Endpoint: \`qemu-storage-daemon:/opt/qsd\`, version 9.1.0 (v9.1.0-dirty)
- Shown by 2 of 3 runs on a fresh endpoint
- Found by a campaign with seed \`7\`
- query-jobs: nothing came within 3000 ms
`);
  expect(text).toContain(`
qemu-img create -q -f raw f0 1048576
/opt/qsd \\
  --blockdev '{"driver":"file","node-name":"n0","filename":"f0"}' \\
  --chardev stdio,id=m0 --monitor chardev=m0 \\
  --chardev socket,id=m1,path=m1,server=on,wait=off --monitor chardev=m1
`);
  expect(text).toContain(`
{"execute":"qmp_capabilities"}
# the file f0 is overwritten with 512 bytes of 17
{"execute":"blockdev-add","arguments":{"driver":"file","node-name":"n2","filename":"it's"},"id":1}
# refused: no it's
# on monitor m1, not waited for:
{"execute":"block-stream","arguments":{"device":"n2"},"id":2}
# no answer
# 512 bytes of 34 are written at 0 to n2, through an NBD export
# wait for BLOCK_JOB_READY
# the contents of all nodes are read
`);
  expect(text).toContain('needs nothing but the endpoint, qemu-img, qemu-io and a shell.');
  expect(text).not.toMatch(/\$[a-z]\d|@DIR@/);
});

test('of a target that no words start: its options alone', () => {
  const text = bugReport({ ...finding, target: 'exec:vmm' }, program, record, null);
  expect(text).toContain(`-blockdev '{"driver":"file","node-name":"n0","filename":"f0"}'\n`);
  expect(text).not.toContain('reproduce.sh');
});
