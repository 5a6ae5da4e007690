/** What is looked at when a program is over: the images that it left, and what its endpoint holds on to. */
import type { Deviation } from '../../reports/record.ts';
import {
  type ClosedImage,
  filesOf,
  type ImageReader,
  judgeImage,
  readImage,
} from '../contents/closed-images.ts';
import { detail } from '../contents/contents-oracle.ts';
import { checkImages } from '../contents/image-check.ts';
import type { Session } from '../runner/endpoint-session.ts';
import { openFiles } from '../state/process-state.ts';
import type { CampaignCheck } from './fuzz-defaults.ts';
import { gaugeProcess, type LeakDetector, type UsageGauge } from './leak-detector.ts';

/**
 * `undone`: what the program made is taken back, but for its files. `cleared`: the nodes of the start state are gone too.
 * `restored`: the endpoint is at its start state again.
 */
export type PostRunMoment = 'undone' | 'cleared' | 'restored';

/** What a program leaves in the scratch folder. */
export interface ProgramImages {
  /** Names of image files that were used as such and as nothing else. */
  readonly images: readonly string[];
  /** Images whose contents are known. */
  readonly resting: readonly ClosedImage[];
}

export type PostRunDeviation = Pick<Deviation, 'check' | 'severity' | 'message' | 'expected' | 'got'>;

/** Looks at each of its moments that comes; which do depends on the program and on the endpoint. */
export interface PostRunCheck {
  readonly moments: readonly PostRunMoment[];
  look(session: Session, left: ProgramImages): Promise<readonly PostRunDeviation[]>;
}

const IMAGES: CampaignCheck = 'data/images';

/** Faults for images that nobody has open any more and whose structure is damaged, or wastes space. */
export function imageStructure(): PostRunCheck {
  return {
    moments: ['cleared'],
    look: async ({ scratch, endpoint }, { images }) => {
      const open = openFiles(endpoint.pid, scratch);
      const closed = images.filter((image) => !open.includes(image));
      return (await checkImages(scratch, closed)).map(({ kind, report }) => ({
        check: IMAGES,
        severity: kind === 'corruption' ? 'must' : 'should',
        message: `qemu-img check finds ${kind === 'corruption' ? 'corruption' : 'leaked clusters'}`,
        got: report,
      }));
    },
  };
}

/** Faults for closed images that do not contain what their nodes did. Of one program: looks at each image once. */
export function closedImages(read: ImageReader = readImage): PostRunCheck {
  const seen = new Set<ClosedImage>();
  return {
    moments: ['undone', 'cleared'],
    look: async ({ scratch, endpoint }, { resting }) => {
      const faults: PostRunDeviation[] = [];
      const wanted = resting.filter((image) => !seen.has(image));
      if (wanted.length === 0) return faults;
      const open = openFiles(endpoint.pid, scratch);
      for (const image of wanted) {
        if (filesOf(image.options).some((file) => open.includes(file))) continue;
        seen.add(image);
        const breach = await judgeImage(image, scratch, read);
        if (breach === null) continue;
        const { expected, got } = detail(image.node, breach);
        // Whoever looks again must know how the image is opened.
        const opened = { ...expected, image: image.options };
        faults.push({ check: IMAGES, severity: 'must', message: breach.message, expected: opened, got });
      }
      return faults;
    },
  };
}

const LEAK = 'leak/of-';

/** A fault once the endpoint's process is seen to grow with each program. `detector` belongs to the endpoint. */
export function leakCheck(detector: LeakDetector, gauge: UsageGauge = gaugeProcess): PostRunCheck {
  return {
    moments: ['restored'],
    look: async ({ endpoint }) => {
      const what = detector.add(await gauge(endpoint));
      const message = `use of ${what} grows with each program, though all is taken back`;
      return what === null ? [] : [{ check: `${LEAK}${what}`, severity: 'should', message }];
    },
  };
}

/** Whether a deviation is of `leakCheck`: it shows only after many programs. */
export function isLeak({ check }: Pick<Deviation, 'check'>): boolean {
  return check.startsWith(LEAK);
}
