/** `blockdev-mirror`: keeps another node the same as a node, and can put it in its place. */
import { checkGranularity, createMirror, type MirrorArguments } from '../jobs/mirror-job.ts';
import { CommandError, type Handler } from './handler.ts';

export const blockdevMirror: Handler = async (args, context) => {
  const given = args as unknown as MirrorArguments & { readonly replaces?: string };
  const { graph } = context.block;
  const source = graph.lookupRoot(args.device as string);
  const target = graph.lookup(args.target as string, args.target as string);
  checkGranularity(given.granularity);
  graph.assertAllowed(source, 'mirror-source');
  graph.assertAllowed(target, 'mirror-target');
  if (given.sync === 'incremental') throw new CommandError("Sync mode 'incremental' not supported");
  const base = given.sync === 'top' ? source.backing?.node : undefined;
  const plan = { type: 'mirror', source, target, base, replaces: given.replaces } as const;
  const sync = given.sync === 'none' ? 'none' : 'some';
  await (await createMirror(context, plan, { ...given, sync })).start();
  return {};
};
