import type { Unobservable } from './requirement.ts';

/** Statements that no case can hold an endpoint to, each with the reason, by id. No id is one of `requirements` too. */
export const unobservable: Readonly<Record<string, Unobservable>> = {
  'BLOCK_IMAGE_CORRUPTED/msg-is-for-people': {
    definition: 'BLOCK_IMAGE_CORRUPTED',
    text: 'Applications do not parse msg: it is a text for people, and may change.',
    reason: 'binds applications, not endpoints',
  },
  'BLOCK_IO_ERROR/reason-is-for-people': {
    definition: 'BLOCK_IO_ERROR',
    text: 'Applications do not parse reason: it is a text for people.',
    reason: 'binds applications, not endpoints',
  },
  'BLOCK_JOB_COMPLETED/error-is-for-people': {
    definition: 'BLOCK_JOB_COMPLETED',
    text: 'Applications do not interpret error, but for its presence.',
    reason: 'binds applications, not endpoints',
  },
  'BlockDeviceMapEntry/form': {
    definition: 'BlockDeviceMapEntry',
    text: 'A run of guest bytes with one state of allocation.',
    reason: 'no command, event or query has this type: qemu-img prints it',
  },
  'BlockJobStatus/created': {
    definition: 'BlockJobStatus',
    text: 'A job that was made and has not been started has status created.',
    reason: 'a command that makes a job starts it before it returns',
  },
  'BlockJobStatus/pending-may-fail': {
    definition: 'BlockJobStatus',
    text: 'What a pending job has yet to do may still fail.',
    reason: 'allows a failure and demands none',
  },
  'BlockJobVerb/names': {
    definition: 'BlockJobVerb',
    text: 'What can be asked of a block job, by the names of its commands.',
    reason: 'no command, event or query has this type; what each verb does stands with its command',
  },
  'BlockMeasureInfo/form': {
    definition: 'BlockMeasureInfo',
    text: 'How large the file of a new image would get.',
    reason: 'no command, event or query has this type: qemu-img prints it',
  },
  'BlockdevCreateOptionsGluster/creates': {
    definition: 'BlockdevCreateOptionsGluster',
    text: 'An image is made in a GlusterFS volume.',
    reason: 'takes a GlusterFS server, which no host that we know has',
  },
  'BlockdevCreateOptionsRbd/creates': {
    definition: 'BlockdevCreateOptionsRbd',
    text: 'An image is made in a Ceph pool.',
    reason: 'takes a Ceph cluster, which no host that we know has',
  },
  'BlockdevCreateOptionsSheepdog/creates': {
    definition: 'BlockdevCreateOptionsSheepdog',
    text: 'An image is made in a Sheepdog cluster, based on backing-file, with the redundancy and the object-size given.',
    reason: 'takes a Sheepdog cluster, which no host that we know has',
  },
  'BlockdevOptionsGluster/opens': {
    definition: 'BlockdevOptionsGluster',
    text: 'An image, path in the GlusterFS volume of that name, is opened; debug, 4 by default, is how much is logged, to /dev/stderr by default.',
    reason: 'takes a GlusterFS server, which no host that we know has',
  },
  'BlockdevOptionsNVMe/opens': {
    definition: 'BlockdevOptionsNVMe',
    text: 'A namespace of an NVMe controller is opened, by its number, the first being 1.',
    reason: 'takes an NVMe controller that can be taken from the host, which no host that we know has',
  },
  'BlockdevOptionsRbd/opens': {
    definition: 'BlockdevOptionsRbd',
    text: 'An image in a Ceph pool is opened, at a snapshot if one is named, as the user that is named.',
    reason: 'takes a Ceph cluster, which no host that we know has',
  },
  'BlockdevOptionsSheepdog/opens': {
    definition: 'BlockdevOptionsSheepdog',
    text: 'A virtual disk in a Sheepdog cluster is opened, at the snapshot with the number snap-id or with the tag.',
    reason: 'takes a Sheepdog cluster, which no host that we know has',
  },
  'BlockdevOptionsVxHS/opens': {
    definition: 'BlockdevOptionsVxHS',
    text: 'The disk with the UUID vdisk-id of a Veritas HyperScale server is opened, with the credentials tls-creds.',
    reason: 'takes a HyperScale server, which no host that we know has',
  },
  'ImageCheck/form': {
    definition: 'ImageCheck',
    text: 'What a check of an image found.',
    reason: 'no command, event or query has this type: qemu-img prints it',
  },
  'MapEntry/form': {
    definition: 'MapEntry',
    text: 'A run of guest bytes and where the host keeps it.',
    reason: 'no command, event or query has this type: qemu-img prints it',
  },
  'QType/form': {
    definition: 'QType',
    text: 'Kinds of JSON values.',
    reason: 'made by the compiler of the schema; no command, event or query has this type',
  },
  'SocketAddress/fd': {
    definition: 'SocketAddress',
    text: 'Of type fd it names a descriptor that the endpoint holds.',
    reason:
      'descriptors are handed over with a message to a socket, by commands that are no part of the block API',
  },
  'SocketAddress/vsock': {
    definition: 'SocketAddress',
    text: 'Of type vsock it names a context, the host or a guest, and a port of it.',
    reason: 'takes a host with the device of vsock, and a guest that runs',
  },
  'block-commit/no-obvious-choice': {
    definition: 'block-commit',
    text: 'Without backing-file the command is refused where no name of the base suggests itself.',
    reason: 'every base of a chain has a file name, and that is the choice',
  },
  'block-commit/not-supported-class': {
    definition: 'block-commit',
    text: 'A device whose image cannot be committed is refused with class NotSupported.',
    reason: 'every image that has a backing image can be committed, and no error has that class',
  },
  'block-job-complete/io-error-refuses': {
    definition: 'block-job-complete',
    text: 'An I/O error while the command is carried out makes the command fail, and is treated by the policies of the job.',
    reason: 'the command returns when the job was told to complete, before any I/O',
  },
  'block-job-complete/order': {
    definition: 'block-job-complete',
    text: 'Whether the return or BLOCK_JOB_COMPLETED comes first is not defined.',
    reason: 'allows both orders',
  },
  'block-stream/no-obvious-choice': {
    definition: 'block-stream',
    text: 'Without backing-file the command is refused where no name of the base suggests itself.',
    reason: 'every base of a chain has a file name, and that is the choice',
  },
  'blockdev-insert-medium/without-guest-device': {
    definition: 'blockdev-insert-medium',
    text: 'A device without guest device takes a medium, though no tray of it is open.',
    reason: 'the command names guest devices only',
  },
  'blockdev-remove-medium/without-guest-device': {
    definition: 'blockdev-remove-medium',
    text: 'The medium leaves a device without guest device, whose tray need not be open.',
    reason: 'the command names guest devices only',
  },
  'change/vnc': {
    definition: 'change',
    text: 'With device vnc it changes the VNC server.',
    reason: 'takes an endpoint that was started with a VNC server, which is no part of the block API',
  },
  'curl/proxy-username': {
    definition: 'BlockdevOptionsCurlBase',
    text: 'proxy-username is the name for a login at a proxy, none by default.',
    reason: 'the way over a proxy is told to an endpoint by the environment of its process, not by options',
  },
  'x-blockdev-change/consistent-data': {
    definition: 'x-blockdev-change',
    text: 'A node that a quorum gets holds the same data as its other children.',
    reason: 'binds users, not endpoints',
  },
  'x-debug-block-dirty-bitmap-sha256/hashing-fails': {
    definition: 'x-debug-block-dirty-bitmap-sha256',
    text: 'Where the digest cannot be made the command is refused with GenericError.',
    reason: 'no bitmap is known whose digest cannot be made',
  },
};
