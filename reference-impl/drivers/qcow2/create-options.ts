/** `BlockdevCreateOptionsQcow2`: defaults, and what cannot be had together. */
import { CommandError } from '../../qapi/command-error.ts';
import type { CreateEnvironment, CreateOptions } from '../driver.ts';
import { MAX_CLUSTER_BITS, MIN_CLUSTER_BITS } from './header.ts';
import { create, type NewImage } from './qcow2-create.ts';

const DEFAULT_CLUSTER_BITS = 16;
const DEFAULT_REFCOUNT_BITS = 16;

type Options = CreateOptions<'qcow2'>;

/** Throws `CommandError`. */
export async function createImage(environment: CreateEnvironment<Options>): Promise<void> {
  const file = await environment.file();
  const options = newImage(environment.options);
  const random = (bytes: number) => {
    const words = Uint32Array.from({ length: bytes / 4 }, environment.random);
    return new Uint8Array(words.buffer);
  };
  await create(file, options, environment, random);
}

function newImage(given: Options): NewImage {
  // a size may be given as a negative number, which is then a large one
  const size = BigInt.asUintN(64, BigInt(given.size));
  if (size % 512n !== 0n) throw new CommandError('Image size must be a multiple of 512 bytes');
  const version = given.version === 'v2' ? 2 : 3;
  const clusterBits =
    given['cluster-size'] === undefined ? DEFAULT_CLUSTER_BITS : Math.log2(Number(given['cluster-size']));
  if (!Number.isInteger(clusterBits) || clusterBits < MIN_CLUSTER_BITS || clusterBits > MAX_CLUSTER_BITS)
    throw new CommandError('Cluster size must be a power of two between 512 and 2048k');
  const { preallocation = 'off', 'backing-file': backingFile, 'backing-fmt': backingFormat } = given;
  if (backingFile !== undefined && preallocation !== 'off')
    throw new CommandError('Backing file and preallocation cannot be used at the same time');
  if (backingFile === undefined && backingFormat !== undefined)
    throw new CommandError('Backing format cannot be used without backing file');
  const lazyRefcounts = given['lazy-refcounts'] === true;
  if (version === 2 && lazyRefcounts) {
    throw new CommandError(
      'Lazy refcounts only supported with compatibility level 1.1 and above (use version=v3 or greater)',
    );
  }
  const refcountBits = Number(given['refcount-bits'] ?? DEFAULT_REFCOUNT_BITS);
  const refcountOrder = Math.log2(refcountBits);
  if (!Number.isInteger(refcountOrder) || refcountOrder > 6)
    throw new CommandError('Refcount width must be a power of two and may not exceed 64 bits');
  if (version === 2 && refcountBits !== DEFAULT_REFCOUNT_BITS) {
    throw new CommandError(
      'Different refcount widths than 16 bits require compatibility level 1.1 or above (use version=v3 or greater)',
    );
  }
  return {
    size: Number(size),
    version,
    clusterBits,
    refcountOrder,
    lazyRefcounts,
    preallocation,
    backing: backingFile === undefined ? undefined : { name: backingFile, format: backingFormat },
    encrypt: given.encrypt,
  };
}
