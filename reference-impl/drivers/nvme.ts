/** `nvme`: a controller that the endpoint would drive itself, through the host's VFIO, which Node cannot make use of. */
import { errnoText, IoError } from '../host/errno.ts';
import { HostFile } from '../host/host-file.ts';
import { CommandError } from '../qapi/command-error.ts';
import type { Driver, DriverOptions, OpenEnvironment } from './driver.ts';

type Options = DriverOptions<'nvme'>;

const CONTAINER = '/dev/vfio/vfio';

async function open({ options, hostWork }: OpenEnvironment<Options>): Promise<never> {
  if (options.device === undefined) throw new CommandError("'device' option is required");
  try {
    const container = await HostFile.open(CONTAINER, false, hostWork);
    await container.close();
  } catch (error) {
    if (!(error instanceof IoError)) throw error;
    throw new CommandError(`Failed to open ${CONTAINER}: ${errnoText(error.code)}`);
  }
  throw new CommandError(`Failed to set up ${CONTAINER}: ${errnoText('ENOTSUP')}`);
}

/** `nvme://HOST:BUS:SLOT.FUNCTION/NAMESPACE` */
function parseFilename(filename: string): Options {
  const [, device, namespace = ''] = /^nvme:\/\/([^/]+)(?:\/(.*))?$/s.exec(filename) ?? [];
  if (device === undefined) return {};
  if (!/^\d*$/.test(namespace))
    throw new CommandError(`Invalid namespace '${namespace}', positive number expected`);
  return { device, namespace: Number(namespace || 1) };
}

export const nvme: Driver<'nvme'> = {
  kind: 'protocol',
  children: {},
  protocols: ['nvme'],
  parseFilename,
  open,
};
