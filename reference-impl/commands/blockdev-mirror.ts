/** `blockdev-mirror`: keeps another node the same as a node, and can put it in its place. */
import { checkGranularity, createMirror, type MirrorPlan } from '../jobs/mirror-job.ts';
import { CommandError, type Handler } from './handler.ts';

export const blockdevMirror: Handler<'blockdev-mirror'> = async (args, context) => {
  const { graph } = context.block;
  const source = graph.lookupRoot(args.device);
  const target = graph.lookup(args.target, args.target);
  checkGranularity(args.granularity);
  graph.assertUnblocked(source);
  graph.assertUnblocked(target);
  if (args.sync === 'incremental') throw new CommandError("Sync mode 'incremental' not supported");
  const plan: MirrorPlan = {
    type: 'mirror',
    source,
    target,
    base: args.sync === 'top' ? source.backing?.node : undefined,
    onlyNew: args.sync === 'none',
    replaces: args.replaces,
  };
  await (await createMirror(context, plan, args)).start();
  return {};
};
