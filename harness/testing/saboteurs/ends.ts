/** Saboteurs of the ends of jobs, of guests beside jobs, and of what an endpoint offers. */
import type { JsonObject } from '../../../spec/json.ts';
import { between, inside, type Saboteur } from './saboteur.ts';

const BACKUP = 'jobs/backup-job';
const JOB = 'jobs/job';

function withoutAnswerToQuit() {
  let quits = false;
  return {
    incoming: (messages: readonly JsonObject[]) => {
      quits ||= messages.some(({ execute }) => execute === 'quit');
      return { pass: messages };
    },
    outgoing: (message: JsonObject) => (quits && 'return' in message ? [] : [message]),
  };
}

export const ends: readonly Saboteur[] = [
  inside('ends/failed-at-len', 'BLOCK_JOB_COMPLETED', 'tells the whole len as offset of a failed job', JOB, [
    '...(this.#error ? { error: this.#error.message } : {}),',
    '...(this.#error ? { offset: this.progress.len, error: this.#error.message } : {}),',
  ]),
  inside('ends/failed-without-speed', 'BLOCK_JOB_COMPLETED', 'tells no limit of a failed job', JOB, [
    '...(this.#error ? { error: this.#error.message } : {}),',
    '...(this.#error ? { speed: 0, error: this.#error.message } : {}),',
  ]),
  inside(
    'ends/guest-write-not-held',
    'BlockdevBackup',
    "lets a guest's write through although the old data were not saved",
    BACKUP,
    ['throw error instanceof CopyError ? error.cause : error;', 'return;'],
  ),
  inside(
    'ends/guest-error-is-the-jobs',
    'BlockdevBackup',
    "tells an error of a guest's write as one of the job",
    BACKUP,
    [
      'throw error instanceof CopyError ? error.cause : error;',
      "if (error instanceof CopyError) job.failed(error.operation, 'report', error.cause);\n                throw error instanceof CopyError ? error.cause : error;",
    ],
  ),
  inside(
    'ends/guest-error-forgets',
    'BlockdevBackup',
    'takes for saved what could not be saved before a write',
    BACKUP,
    ['this.#left.mark(offset, 1);', ';'],
  ),
  inside(
    'ends/quorum-renumbers',
    'x-blockdev-change',
    'gives the children of a quorum new names when one goes',
    'commands/x-blockdev-change',
    ['parent.child(child)', "parent.children.find((_, index) => child === 'children.' + index)"],
  ),
  inside(
    'ends/corrupted-without-device',
    'BLOCK_IMAGE_CORRUPTED',
    'tells no device of a corrupt image',
    'graph/open',
    ['device: graph.deviceOf(node),', "device: '',"],
  ),
  inside(
    'ends/corrupted-with-access',
    'BLOCK_IMAGE_CORRUPTED',
    'tells an offset of corruption that no access brought to light',
    'graph/open',
    ['...(offset === undefined ? {} : { offset }),', 'offset: offset ?? 0,'],
  ),
  inside(
    'ends/mirror-top-without-source',
    'NewImageMode',
    'makes the target of drive-mirror with sync top above the source itself',
    'commands/drive-mirror',
    [
      "sync === 'none' ? source : sync === 'full' ?",
      "args.sync === 'top' ? source : sync === 'none' ? source : sync === 'full' ?",
    ],
  ),
  inside(
    'ends/backup-top-without-source',
    'NewImageMode',
    'makes the target of drive-backup with sync top above the source where that has no backing file',
    'jobs/drive-backup-job',
    ["sync === 'none' ? source :", "sync === 'none' || (args.sync === 'top' && !source.backing) ? source :"],
  ),
  inside(
    'ends/command-not-offered',
    'protocol/commands',
    'lacks a command that there is since long before its version',
    'commands/index',
    ["    'block-dirty-bitmap-clear': blockDirtyBitmapClear,", ''],
  ),
  inside(
    'ends/filter-name-plain',
    'blockdev-mirror',
    'gives the filter of a job a name that a user could have given',
    'jobs/job-filter',
    ['graph.name(filter, name);', "graph.name(filter, name ?? 'filter' + graph.nodes.length);"],
  ),
  between('ends/quit-unanswered', 'quit', 'ends without an answer to quit', withoutAnswerToQuit),
  inside(
    'jobs/complete-of-cancelled',
    'block-job-complete',
    'completes a job that was cancelled',
    'jobs/job',
    ['if (this.paused || this.#cancelled)', 'if (this.paused)'],
  ),
  inside(
    'ends/quit-with-job-fails',
    'quit',
    'ends with exit status 1 when quit comes while a job runs',
    'reference-endpoint',
    [
      'setImmediate(() => this.#end(0));',
      'const exit = this.#exit;\n        if (this.jobs.all.length > 0)\n            this.#exit = () => exit(1);\n        setImmediate(() => this.#end(0));',
    ],
  ),
  inside(
    'ends/negotiated-for-ever',
    'protocol/negotiation',
    'takes a client for negotiated once another has been',
    'monitor/monitor-session',
    [
      '    negotiated = false;\n    #peer;',
      '    static #was = false;\n    get negotiated() { return MonitorSession.#was; }\n    set negotiated(is) { MonitorSession.#was ||= is; }\n    #peer;',
    ],
  ),
  inside(
    'ends/commit-names-in-active-only',
    'block-commit',
    'writes the name of the base into the image above top only if that is the active layer',
    'jobs/commit-job',
    [
      'await nameBase(graph, overlay, base, this.#baseName);',
      'if (overlay === this.#plan.device)\n                    await nameBase(graph, overlay, base, this.#baseName);',
    ],
  ),
  inside(
    'ends/negotiates-a-third-time',
    'protocol/negotiation',
    'takes a third qmp_capabilities',
    'commands/qmp-capabilities',
    ['if (session.negotiated)', 'if (session.negotiated && (session.tries = (session.tries ?? 0) + 1) < 2)'],
  ),
  inside(
    'ends/commands-listed-early',
    'protocol/negotiation',
    'answers query-commands before the negotiation',
    'monitor/dispatcher',
    ["name !== 'qmp_capabilities')", "name !== 'qmp_capabilities' && name !== 'query-commands')"],
  ),
  inside(
    'ends/arguments-open-early',
    'protocol/negotiation',
    'executes commands with arguments before the negotiation',
    'monitor/dispatcher',
    ["name !== 'qmp_capabilities')", "name !== 'qmp_capabilities' && Object.keys(args).length === 0)"],
  ),
  inside(
    'ends/enables-unoffered',
    'protocol/negotiation',
    'enables oob that it did not offer',
    'monitor/dispatcher',
    [
      'const checked = checkedArguments(command, args);',
      "const checked = name === 'qmp_capabilities' && args.enable?.[0] === 'oob' ? {} : checkedArguments(command, args);",
    ],
  ),
  inside(
    'ends/refusals-overtake',
    'protocol/replies',
    'answers later commands while one takes time',
    'monitor/monitor-session',
    [
      'const answer = reply instanceof Promise ? await this.#whileAnswered(message, reply) : reply;',
      'if (reply instanceof Promise) void reply.then((one) => this.send(one));\n            const answer = reply instanceof Promise ? undefined : reply;',
    ],
  ),
  inside(
    'ends/error-after-stop',
    'BLOCK_JOB_COMPLETED',
    'tells the error of a job that stopped for it, was resumed and has succeeded',
    'jobs/job',
    [
      "if (action === 'stop') {",
      `if (action === 'stop') {
            this.tellEnd = () => this.#cancelled
                ? this.#services.emit('BLOCK_JOB_CANCELLED', this.#position())
                : this.#services.emit('BLOCK_JOB_COMPLETED', {
                    ...this.#position(),
                    error: (this.#error ?? error).message,
                });`,
    ],
  ),
  inside('ends/shutdown-twice', 'SHUTDOWN', 'tells its end twice', 'reference-endpoint', [
    "this.emit('SHUTDOWN', { guest });",
    "this.emit('SHUTDOWN', { guest });\n        this.emit('SHUTDOWN', { guest });",
  ]),
  inside(
    'ends/no-shutdown-with-jobs',
    'SHUTDOWN',
    'tells no end while jobs are there',
    'reference-endpoint',
    [
      "this.emit('SHUTDOWN', { guest });",
      "if (this.jobs.all.length === 0)\n            this.emit('SHUTDOWN', { guest });",
    ],
  ),
  inside(
    'jobs/finalize-of-running',
    'block-job-finalize',
    'answers block-job-finalize of a job that is not pending, and does nothing',
    JOB,
    ["this.assertVerb('finalize');", "if (this.#status !== 'pending')\n            return;"],
  ),
  inside(
    'jobs/ignored-error-untold',
    'BlockdevOnError',
    'does not tell the errors of a job that are ignored',
    'jobs/job',
    [
      "this.#services.emit('BLOCK_JOB_ERROR',",
      "if (action !== 'ignore')\n            this.#services.emit('BLOCK_JOB_ERROR',",
    ],
  ),
  inside(
    'jobs/dismissal-of-running-answered',
    'block-job-dismiss',
    'answers the dismissal of a job that has not concluded as a success, and does nothing',
    'jobs/job',
    [
      "this.assertVerb('dismiss');",
      "if (this.#status !== 'concluded')\n            return;\n        this.assertVerb('dismiss');",
    ],
  ),
];
