/**
 * Plays scenes of devices that come and go. A scene is text, a step a line, with what comes of it after `->`:
 *
 *     add scsi-hd lun=3 serial=x     device_add; `refused`, or the properties that were given and where the device is
 *     del 2                          device_del of the second one that was added
 *
 * A value that is JSON, a number, a switch or a text in quotes, is sent as such, and any other as a text. Disks get a
 * node of their own, and devices ids.
 */
import { type Json, parseJson, stringifyJson } from '../../../../spec/json.ts';
import type { CaseContext } from '../../case.ts';
import { playSteps } from './play.ts';

/** Has a command carried out; undefined where that is refused. */
type Execute = (command: string, args: Record<string, Json>) => Promise<Json | undefined>;

/** Models that want a disk, and others, by the bus that they are on. */
const BUSES: Readonly<Record<string, { readonly disk: boolean; readonly places: readonly string[] }>> = {
  'scsi-hd': { disk: true, places: ['channel', 'scsi-id', 'lun'] },
  'scsi-cd': { disk: false, places: ['channel', 'scsi-id', 'lun'] },
  'virtio-blk-pci': { disk: true, places: ['addr'] },
  'virtio-scsi-pci': { disk: false, places: ['addr'] },
  lsi53c895a: { disk: false, places: ['addr'] },
  'usb-storage': { disk: true, places: [] },
};

/** Plays a scene; all must come as it stands there. */
export function playPlugging(t: CaseContext, scene: string): Promise<void> {
  const player = new PlugPlayer(async (command, args) => {
    const reply = await t.request({ execute: command, arguments: args });
    if (command !== 'device_del') return reply.return;
    await t.event('DEVICE_DELETED', { device: args.id! });
    return reply.return;
  });
  const play = async (step: string) => ` -> ${await player.step(step)}`;
  return playSteps(t, scene, play, 'devices must come to places, or be refused, as the scene says');
}

/** Plays steps, one by one. */
class PlugPlayer {
  readonly #execute: Execute;
  #added = 0;

  constructor(execute: Execute) {
    this.#execute = execute;
  }

  /** What comes of a step. */
  async step(step: string): Promise<string> {
    const [verb = '', what = '', ...options] = step.trim().split(' ');
    if (verb === 'del') return this.#del(what);
    this.#added += 1;
    const id = `d${this.#added}`;
    const { disk, places } = BUSES[what]!;
    const node = `n${this.#added}`;
    if (disk) await this.#execute('blockdev-add', { driver: 'null-co', size: 1 << 20, 'node-name': node });
    const given = options.map((option): [string, Json] => {
      const at = option.indexOf('=');
      return [option.slice(0, at), readValue(option.slice(at + 1))];
    });
    const args = { driver: what, id, ...(disk && { drive: node }), ...Object.fromEntries(given) };
    const done = await this.#execute('device_add', args);
    if (done === undefined) {
      if (disk) await this.#execute('blockdev-del', { 'node-name': node });
      return 'refused';
    }
    const shown = new Set([...places, ...given.map(([name]) => name).filter((name) => name !== 'bus')]);
    const told: string[] = [];
    for (const property of shown) {
      const value = await this.#execute('qom-get', { path: `/machine/peripheral/${id}`, property });
      told.push(`${property}=${stringifyJson(value ?? null)}`);
    }
    return told.join(' ');
  }

  async #del(number: string): Promise<string> {
    const done = await this.#execute('device_del', { id: `d${number}` });
    return done === undefined ? 'refused' : 'gone';
  }
}

function readValue(written: string): Json {
  try {
    return parseJson(written);
  } catch {
    return written;
  }
}
