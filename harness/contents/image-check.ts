/** Images at rest, as QEMU's own tool judges them. */
import { execFile } from 'node:child_process';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { isJsonObject, type Json, parseJson } from '../../spec/json.ts';

const run = promisify(execFile);

const QCOW2_MAGIC = 'QFI\u00fb';

export interface ImageFault {
  /** Name in the folder. */
  readonly file: string;
  /** Clusters that are leaked waste space; anything else may cost data. */
  readonly kind: 'corruption' | 'leak';
  /** What the tool counted. */
  readonly report: Json;
}

/** Checks those of the files that are qcow2 images; nobody may have them open. None without qemu-img. */
export async function checkImages(folder: string, files: Iterable<string>): Promise<ImageFault[]> {
  const faults: ImageFault[] = [];
  for (const file of files) {
    const report = (await isQcow2(join(folder, file))) ? await check(join(folder, file)) : null;
    if (!isJsonObject(report)) continue;
    const corrupt = Number(report.corruptions ?? 0) + Number(report['check-errors'] ?? 0) > 0;
    if (corrupt || Number(report.leaks ?? 0) > 0)
      faults.push({ file, kind: corrupt ? 'corruption' : 'leak', report });
  }
  return faults;
}

async function isQcow2(path: string): Promise<boolean> {
  const file = await open(path).catch(() => null);
  if (file === null) return false;
  try {
    const { buffer } = await file.read(Buffer.alloc(4), 0, 4, 0);
    return buffer.toString('latin1') === QCOW2_MAGIC;
  } finally {
    await file.close();
  }
}

/** Null where there is no tool, or it cannot open the image. */
async function check(path: string): Promise<Json> {
  const args = ['check', '-f', 'qcow2', '--output=json', path];
  // Faults that it found are told by its status too.
  const printed = await run('qemu-img', args).catch((error: { stdout?: string }) => error);
  try {
    return parseJson(printed.stdout ?? '');
  } catch {
    return null;
  }
}
