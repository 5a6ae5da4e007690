// Generated from the schema by `npm run generate`. Do not edit.
/** Any JSON value; integers that are not safe as numbers are bigints. */
export type Json = null | boolean | number | bigint | string | Json[] | { [key: string]: Json };

export type Empty = Record<string, never>;
export type Int = number | bigint;
/**
 * What the machine is doing.
 */
export type RunState =
  | 'debug'
  | 'inmigrate'
  | 'internal-error'
  | 'io-error'
  | 'paused'
  | 'postmigrate'
  | 'prelaunch'
  | 'finish-migrate'
  | 'restore-vm'
  | 'running'
  | 'save-vm'
  | 'shutdown'
  | 'suspended'
  | 'watchdog'
  | 'guest-panicked'
  | 'colo';
/**
 * An entry of the schema. Type names are often masked, and then mean nothing.
 */
export type SchemaInfo =
  | SchemaInfoMetaTypeBuiltin
  | SchemaInfoMetaTypeEnum
  | SchemaInfoMetaTypeArray
  | SchemaInfoMetaTypeObject
  | SchemaInfoMetaTypeAlternate
  | SchemaInfoMetaTypeCommand
  | SchemaInfoMetaTypeEvent;
/**
 * The types of JSON, and two more.
 */
export type JSONType = 'string' | 'number' | 'int' | 'boolean' | 'null' | 'object' | 'array' | 'value';
/**
 * Whether writes of nothing but zeroes become efficient zero writes.
 */
export type BlockdevDetectZeroesOptions = 'off' | 'on' | 'unmap';
/**
 * Details for those formats that report any, by format.
 */
export type ImageInfoSpecific =
  ImageInfoSpecificTypeQcow2 | ImageInfoSpecificTypeVmdk | ImageInfoSpecificTypeLuks;
/**
 * How a qcow2 image is encrypted.
 */
export type ImageInfoSpecificQCow2Encryption =
  ImageInfoSpecificQCow2EncryptionFormatAes | ImageInfoSpecificQCow2EncryptionFormatLuks;
/**
 * Block ciphers with the length of their key.
 */
export type QCryptoCipherAlgorithm =
  | 'aes-128'
  | 'aes-192'
  | 'aes-256'
  | 'des-rfb'
  | '3des'
  | 'cast5-128'
  | 'serpent-128'
  | 'serpent-192'
  | 'serpent-256'
  | 'twofish-128'
  | 'twofish-192'
  | 'twofish-256';
/**
 * Ways to chain the blocks of a cipher.
 */
export type QCryptoCipherMode = 'ecb' | 'cbc' | 'xts' | 'ctr';
/**
 * Ways to derive an initialization vector from a sector number.
 */
export type QCryptoIVGenAlgorithm = 'plain' | 'plain64' | 'essiv';
/**
 * Hash functions.
 */
export type QCryptoHashAlgorithm = 'md5' | 'sha1' | 'sha224' | 'sha256' | 'sha384' | 'sha512' | 'ripemd160';
/**
 * How the latest I/O of a device or job went.
 */
export type BlockDeviceIoStatus = 'ok' | 'failed' | 'nospace';
export type Uint32 = number;
/**
 * What may be done with a dirty bitmap just now.
 */
export type DirtyBitmapStatus = 'active' | 'disabled' | 'frozen' | 'locked';
/**
 * Where a block job is in its life.
 */
export type BlockJobStatus =
  | 'undefined'
  | 'created'
  | 'running'
  | 'paused'
  | 'ready'
  | 'standby'
  | 'waiting'
  | 'pending'
  | 'aborting'
  | 'concluded'
  | 'null';
/**
 * Where the file of a new image comes from.
 */
export type NewImageMode = 'existing' | 'absolute-paths';
/**
 * Which data a copying job transfers to begin with.
 */
export type MirrorSyncMode = 'top' | 'full' | 'none' | 'incremental';
/**
 * What to do when I/O fails, be it the guest's or a job's.
 */
export type BlockdevOnError = 'report' | 'ignore' | 'enospc' | 'stop' | 'auto';
/**
 * A node to be made: options that every driver takes, then those of its driver.
 */
export type BlockdevOptions =
  | BlockdevOptionsDriverBlkdebug
  | BlockdevOptionsDriverBlkverify
  | BlockdevOptionsDriverBochs
  | BlockdevOptionsDriverCloop
  | BlockdevOptionsDriverDmg
  | BlockdevOptionsDriverFile
  | BlockdevOptionsDriverFtp
  | BlockdevOptionsDriverFtps
  | BlockdevOptionsDriverGluster
  | BlockdevOptionsDriverHostCdrom
  | BlockdevOptionsDriverHostDevice
  | BlockdevOptionsDriverHttp
  | BlockdevOptionsDriverHttps
  | BlockdevOptionsDriverIscsi
  | BlockdevOptionsDriverLuks
  | BlockdevOptionsDriverNbd
  | BlockdevOptionsDriverNfs
  | BlockdevOptionsDriverNullAio
  | BlockdevOptionsDriverNullCo
  | BlockdevOptionsDriverNvme
  | BlockdevOptionsDriverParallels
  | BlockdevOptionsDriverQcow2
  | BlockdevOptionsDriverQcow
  | BlockdevOptionsDriverQed
  | BlockdevOptionsDriverQuorum
  | BlockdevOptionsDriverRaw
  | BlockdevOptionsDriverRbd
  | BlockdevOptionsDriverReplication
  | BlockdevOptionsDriverSheepdog
  | BlockdevOptionsDriverSsh
  | BlockdevOptionsDriverThrottle
  | BlockdevOptionsDriverVdi
  | BlockdevOptionsDriverVhdx
  | BlockdevOptionsDriverVmdk
  | BlockdevOptionsDriverVpc
  | BlockdevOptionsDriverVvfat
  | BlockdevOptionsDriverVxhs;
/**
 * What becomes of discard requests.
 */
export type BlockdevDiscardOptions = 'ignore' | 'unmap';
/**
 * A node, existing or to be made.
 */
export type BlockdevRef = BlockdevOptions | string;
export type Int32 = number;
/**
 * Points of the I/O path that blkdebug can act on.
 */
export type BlkdebugEvent =
  | 'l1_update'
  | 'l1_grow_alloc_table'
  | 'l1_grow_write_table'
  | 'l1_grow_activate_table'
  | 'l2_load'
  | 'l2_update'
  | 'l2_update_compressed'
  | 'l2_alloc_cow_read'
  | 'l2_alloc_write'
  | 'read_aio'
  | 'read_backing_aio'
  | 'read_compressed'
  | 'write_aio'
  | 'write_compressed'
  | 'vmstate_load'
  | 'vmstate_save'
  | 'cow_read'
  | 'cow_write'
  | 'reftable_load'
  | 'reftable_grow'
  | 'reftable_update'
  | 'refblock_load'
  | 'refblock_update'
  | 'refblock_update_part'
  | 'refblock_alloc'
  | 'refblock_alloc_hookup'
  | 'refblock_alloc_write'
  | 'refblock_alloc_write_blocks'
  | 'refblock_alloc_write_table'
  | 'refblock_alloc_switch_table'
  | 'cluster_alloc'
  | 'cluster_alloc_bytes'
  | 'cluster_free'
  | 'flush_to_os'
  | 'flush_to_disk'
  | 'pwritev_rmw_head'
  | 'pwritev_rmw_after_head'
  | 'pwritev_rmw_tail'
  | 'pwritev_rmw_after_tail'
  | 'pwritev'
  | 'pwritev_zero'
  | 'pwritev_done'
  | 'empty_image_prepare'
  | 'l1_shrink_write_table'
  | 'l1_shrink_free_l2_clusters'
  | 'cor_write';
/**
 * A switch that can be left to the endpoint.
 */
export type OnOffAuto = 'auto' | 'on' | 'off';
/**
 * How file I/O is handed to the host.
 */
export type BlockdevAioOptions = 'threads' | 'native';
/**
 * An address.
 */
export type SocketAddress =
  SocketAddressTypeInet | SocketAddressTypeUnix | SocketAddressTypeVsock | SocketAddressTypeFd;
export type Uint16 = number;
/**
 * What carries iSCSI.
 */
export type IscsiTransport = 'tcp' | 'iser';
/**
 * Digests over iSCSI headers.
 */
export type IscsiHeaderDigest = 'crc32c' | 'none' | 'crc32c-none' | 'none-crc32c';
/**
 * What carries NFS.
 */
export type NFSTransport = 'inet';
export type Uint64 = number | bigint;
/**
 * A node, existing or to be made, or none.
 */
export type BlockdevRefOrNull = BlockdevOptions | string | null;
/**
 * Which metadata to guard, by mode or in detail.
 */
export type Qcow2OverlapChecks = Qcow2OverlapCheckFlags | Qcow2OverlapCheckMode;
/**
 * How much effort goes into keeping data writes off metadata.
 */
export type Qcow2OverlapCheckMode = 'none' | 'constant' | 'cached' | 'all';
/**
 * How to decrypt a qcow2 image.
 */
export type BlockdevQcow2Encryption = BlockdevQcow2EncryptionFormatAes | BlockdevQcow2EncryptionFormatLuks;
/**
 * How to decrypt a qcow image.
 */
export type BlockdevQcowEncryption = BlockdevQcowEncryptionFormatAes;
/**
 * How quorum reads.
 */
export type QuorumReadPattern = 'quorum' | 'fifo';
/**
 * Sides of a replication.
 */
export type ReplicationMode = 'primary' | 'secondary';
/**
 * How to make sure of an SSH server, with options.
 */
export type SshHostKeyCheck =
  SshHostKeyCheckModeNone | SshHostKeyCheckModeHash | SshHostKeyCheckModeKnownHosts;
/**
 * Digests of host keys.
 */
export type SshHostKeyCheckHashType = 'md5' | 'sha1';
/**
 * An image to be made.
 */
export type BlockdevCreateOptions =
  | BlockdevCreateOptionsDriverBlkdebug
  | BlockdevCreateOptionsDriverBlkverify
  | BlockdevCreateOptionsDriverBochs
  | BlockdevCreateOptionsDriverCloop
  | BlockdevCreateOptionsDriverDmg
  | BlockdevCreateOptionsDriverFile
  | BlockdevCreateOptionsDriverFtp
  | BlockdevCreateOptionsDriverFtps
  | BlockdevCreateOptionsDriverGluster
  | BlockdevCreateOptionsDriverHostCdrom
  | BlockdevCreateOptionsDriverHostDevice
  | BlockdevCreateOptionsDriverHttp
  | BlockdevCreateOptionsDriverHttps
  | BlockdevCreateOptionsDriverIscsi
  | BlockdevCreateOptionsDriverLuks
  | BlockdevCreateOptionsDriverNbd
  | BlockdevCreateOptionsDriverNfs
  | BlockdevCreateOptionsDriverNullAio
  | BlockdevCreateOptionsDriverNullCo
  | BlockdevCreateOptionsDriverNvme
  | BlockdevCreateOptionsDriverParallels
  | BlockdevCreateOptionsDriverQcow2
  | BlockdevCreateOptionsDriverQcow
  | BlockdevCreateOptionsDriverQed
  | BlockdevCreateOptionsDriverQuorum
  | BlockdevCreateOptionsDriverRaw
  | BlockdevCreateOptionsDriverRbd
  | BlockdevCreateOptionsDriverReplication
  | BlockdevCreateOptionsDriverSheepdog
  | BlockdevCreateOptionsDriverSsh
  | BlockdevCreateOptionsDriverThrottle
  | BlockdevCreateOptionsDriverVdi
  | BlockdevCreateOptionsDriverVhdx
  | BlockdevCreateOptionsDriverVmdk
  | BlockdevCreateOptionsDriverVpc
  | BlockdevCreateOptionsDriverVvfat
  | BlockdevCreateOptionsDriverVxhs;
export type Size = number | bigint;
/**
 * What to allocate when an image is made.
 */
export type PreallocMode = 'off' | 'metadata' | 'falloc' | 'full';
/**
 * Versions of the qcow2 format.
 */
export type BlockdevQcow2Version = 'v2' | 'v3';
/**
 * The block drivers.
 */
export type BlockdevDriver =
  | 'blkdebug'
  | 'blkverify'
  | 'bochs'
  | 'cloop'
  | 'dmg'
  | 'file'
  | 'ftp'
  | 'ftps'
  | 'gluster'
  | 'host_cdrom'
  | 'host_device'
  | 'http'
  | 'https'
  | 'iscsi'
  | 'luks'
  | 'nbd'
  | 'nfs'
  | 'null-aio'
  | 'null-co'
  | 'nvme'
  | 'parallels'
  | 'qcow'
  | 'qcow2'
  | 'qed'
  | 'quorum'
  | 'raw'
  | 'rbd'
  | 'replication'
  | 'sheepdog'
  | 'ssh'
  | 'throttle'
  | 'vdi'
  | 'vhdx'
  | 'vmdk'
  | 'vpc'
  | 'vvfat'
  | 'vxhs';
/**
 * Options for making an encrypted volume.
 */
export type QCryptoBlockCreateOptions =
  QCryptoBlockCreateOptionsFormatQcow | QCryptoBlockCreateOptionsFormatLuks;
/**
 * How to survive the loss of a Sheepdog server.
 */
export type SheepdogRedundancy = SheepdogRedundancyTypeFull | SheepdogRedundancyTypeErasureCoded;
/**
 * Whether a device can be written once its medium was changed.
 */
export type BlockdevChangeReadOnlyMode = 'retain' | 'read-only' | 'read-write';
/**
 * A string, or none.
 */
export type StrOrNull = string | null;
/**
 * An address, in the old form with a level of nesting more.
 */
export type SocketAddressLegacy =
  | SocketAddressLegacyTypeInet
  | SocketAddressLegacyTypeUnix
  | SocketAddressLegacyTypeVsock
  | SocketAddressLegacyTypeFd;
/**
 * What happens to clients of an export that goes.
 */
export type NbdServerRemoveMode = 'safe' | 'hard';
/**
 * A step of a transaction, and the arguments of the command that it is named after. The later ones: 1.6 abort, drive-backup; 1.7 blockdev-snapshot-internal-sync; 2.3 blockdev-backup; 2.5 blockdev-snapshot, block-dirty-bitmap-add, block-dirty-bitmap-clear.
 */
export type TransactionAction =
  | TransactionActionTypeAbort
  | TransactionActionTypeBlockDirtyBitmapAdd
  | TransactionActionTypeBlockDirtyBitmapClear
  | TransactionActionTypeBlockdevBackup
  | TransactionActionTypeBlockdevSnapshot
  | TransactionActionTypeBlockdevSnapshotInternalSync
  | TransactionActionTypeBlockdevSnapshotSync
  | TransactionActionTypeDriveBackup;
/**
 * Nothing: the action that always fails, for tests.
 */
export type Abort = Record<string, never>;
/**
 * How the jobs of a transaction depend on one another.
 */
export type ActionCompletionMode = 'individual' | 'grouped';
/**
 * Directions of I/O.
 */
export type IoOperationType = 'read' | 'write';
/**
 * What was done about failed I/O.
 */
export type BlockErrorAction = 'ignore' | 'report' | 'stop';
/**
 * Kinds of block jobs.
 */
export type BlockJobType = 'commit' | 'stream' | 'mirror' | 'backup';
/**
 * Requests that a child of a quorum may fail.
 */
export type QuorumOpType = 'read' | 'write' | 'flush';
export type QType = 'none' | 'qnull' | 'qnum' | 'qstring' | 'qdict' | 'qlist' | 'qbool';
/**
 * Kinds of entries.
 */
export type SchemaMetaType = 'builtin' | 'enum' | 'array' | 'object' | 'alternate' | 'command' | 'event';
/**
 * Formats of encrypted volumes.
 */
export type QCryptoBlockFormat = 'qcow' | 'luks';
/**
 * Nothing: the qcow scheme has no parameters.
 */
export type QCryptoBlockInfoQCow = Record<string, never>;
export type SocketAddressLegacyKind = 'inet' | 'unix' | 'vsock' | 'fd';
/**
 * Kinds of addresses.
 */
export type SocketAddressType = 'inet' | 'unix' | 'vsock' | 'fd';
/**
 * Encryption that qcow2 has.
 */
export type BlockdevQcow2EncryptionFormat = 'aes' | 'luks';
export type ImageInfoSpecificKind = 'qcow2' | 'vmdk' | 'luks';
/**
 * What can be asked of a block job.
 */
export type BlockJobVerb = 'cancel' | 'pause' | 'resume' | 'set-speed' | 'complete' | 'dismiss' | 'finalize';
/**
 * Encryption that qcow has.
 */
export type BlockdevQcowEncryptionFormat = 'aes';
/**
 * How to make sure of an SSH server.
 */
export type SshHostKeyCheckMode = 'none' | 'hash' | 'known_hosts';
/**
 * Nothing, for the modes that take no options.
 */
export type SshHostKeyDummy = Record<string, never>;
/**
 * Ways to survive the loss of a Sheepdog server.
 */
export type SheepdogRedundancyType = 'full' | 'erasure-coded';
/**
 * Nothing: the driver cannot make images.
 */
export type BlockdevCreateNotSupported = Record<string, never>;
export type TransactionActionKind =
  | 'abort'
  | 'block-dirty-bitmap-add'
  | 'block-dirty-bitmap-clear'
  | 'blockdev-backup'
  | 'blockdev-snapshot'
  | 'blockdev-snapshot-internal-sync'
  | 'blockdev-snapshot-sync'
  | 'drive-backup';

export type Qmp = {
  commands: QmpCommands;
  events: QmpEvents;
  types: QmpTypes;
};
export type QmpCommands = {
  qmp_capabilities: {
    arguments: Empty;
    returns: Empty;
  };
  'query-version': {
    arguments: Empty;
    returns: VersionInfo;
  };
  'query-commands': {
    arguments: Empty;
    returns: CommandInfo[];
  };
  'query-events': {
    arguments: Empty;
    returns: EventInfo[];
  };
  'human-monitor-command': {
    arguments: HumanMonitorCommandArguments;
    returns: string;
  };
  quit: {
    arguments: Empty;
    returns: Empty;
  };
  stop: {
    arguments: Empty;
    returns: Empty;
  };
  cont: {
    arguments: Empty;
    returns: Empty;
  };
  system_reset: {
    arguments: Empty;
    returns: Empty;
  };
  system_powerdown: {
    arguments: Empty;
    returns: Empty;
  };
  'query-status': {
    arguments: Empty;
    returns: StatusInfo;
  };
  'object-add': {
    arguments: ObjectAddArguments;
    returns: Empty;
  };
  'object-del': {
    arguments: ObjectDelArguments;
    returns: Empty;
  };
  device_add: {
    arguments: DeviceAddArguments;
    returns: Empty;
  };
  device_del: {
    arguments: DeviceDelArguments;
    returns: Empty;
  };
  'qom-list': {
    arguments: QomListArguments;
    returns: ObjectPropertyInfo[];
  };
  'qom-get': {
    arguments: QomGetArguments;
    returns: Json;
  };
  'qom-set': {
    arguments: QomSetArguments;
    returns: Empty;
  };
  'query-name': {
    arguments: Empty;
    returns: NameInfo;
  };
  'query-iothreads': {
    arguments: Empty;
    returns: IOThreadInfo[];
  };
  'query-qmp-schema': {
    arguments: Empty;
    returns: SchemaInfo[];
  };
  'query-block': {
    arguments: Empty;
    returns: BlockInfo[];
  };
  'query-blockstats': {
    arguments: QueryBlockstatsArguments;
    returns: BlockStats[];
  };
  'query-block-jobs': {
    arguments: Empty;
    returns: BlockJobInfo[];
  };
  block_passwd: {
    arguments: BlockPasswdArguments;
    returns: Empty;
  };
  block_resize: {
    arguments: BlockResizeArguments;
    returns: Empty;
  };
  'blockdev-snapshot-sync': {
    arguments: BlockdevSnapshotSync;
    returns: Empty;
  };
  'blockdev-snapshot': {
    arguments: BlockdevSnapshot;
    returns: Empty;
  };
  'change-backing-file': {
    arguments: ChangeBackingFileArguments;
    returns: Empty;
  };
  'block-commit': {
    arguments: BlockCommitArguments;
    returns: Empty;
  };
  'drive-backup': {
    arguments: DriveBackup;
    returns: Empty;
  };
  'blockdev-backup': {
    arguments: BlockdevBackup;
    returns: Empty;
  };
  'query-named-block-nodes': {
    arguments: Empty;
    returns: BlockDeviceInfo[];
  };
  'drive-mirror': {
    arguments: DriveMirror;
    returns: Empty;
  };
  'block-dirty-bitmap-add': {
    arguments: BlockDirtyBitmapAdd;
    returns: Empty;
  };
  'block-dirty-bitmap-remove': {
    arguments: BlockDirtyBitmap;
    returns: Empty;
  };
  'block-dirty-bitmap-clear': {
    arguments: BlockDirtyBitmap;
    returns: Empty;
  };
  'x-debug-block-dirty-bitmap-sha256': {
    arguments: BlockDirtyBitmap;
    returns: BlockDirtyBitmapSha256;
  };
  'blockdev-mirror': {
    arguments: BlockdevMirrorArguments;
    returns: Empty;
  };
  block_set_io_throttle: {
    arguments: BlockIOThrottle;
    returns: Empty;
  };
  'block-stream': {
    arguments: BlockStreamArguments;
    returns: Empty;
  };
  'block-job-set-speed': {
    arguments: BlockJobSetSpeedArguments;
    returns: Empty;
  };
  'block-job-cancel': {
    arguments: BlockJobCancelArguments;
    returns: Empty;
  };
  'block-job-pause': {
    arguments: BlockJobPauseArguments;
    returns: Empty;
  };
  'block-job-resume': {
    arguments: BlockJobResumeArguments;
    returns: Empty;
  };
  'block-job-complete': {
    arguments: BlockJobCompleteArguments;
    returns: Empty;
  };
  'block-job-dismiss': {
    arguments: BlockJobDismissArguments;
    returns: Empty;
  };
  'block-job-finalize': {
    arguments: BlockJobFinalizeArguments;
    returns: Empty;
  };
  'blockdev-add': {
    arguments: BlockdevOptions;
    returns: Empty;
  };
  'blockdev-del': {
    arguments: BlockdevDelArguments;
    returns: Empty;
  };
  'x-blockdev-create': {
    arguments: BlockdevCreateOptions;
    returns: Empty;
  };
  'blockdev-open-tray': {
    arguments: BlockdevOpenTrayArguments;
    returns: Empty;
  };
  'blockdev-close-tray': {
    arguments: BlockdevCloseTrayArguments;
    returns: Empty;
  };
  'blockdev-remove-medium': {
    arguments: BlockdevRemoveMediumArguments;
    returns: Empty;
  };
  'blockdev-insert-medium': {
    arguments: BlockdevInsertMediumArguments;
    returns: Empty;
  };
  'blockdev-change-medium': {
    arguments: BlockdevChangeMediumArguments;
    returns: Empty;
  };
  'block-set-write-threshold': {
    arguments: BlockSetWriteThresholdArguments;
    returns: Empty;
  };
  'x-blockdev-change': {
    arguments: XBlockdevChangeArguments;
    returns: Empty;
  };
  'x-blockdev-set-iothread': {
    arguments: XBlockdevSetIothreadArguments;
    returns: Empty;
  };
  'blockdev-snapshot-internal-sync': {
    arguments: BlockdevSnapshotInternal;
    returns: Empty;
  };
  'blockdev-snapshot-delete-internal-sync': {
    arguments: BlockdevSnapshotDeleteInternalSyncArguments;
    returns: SnapshotInfo;
  };
  eject: {
    arguments: EjectArguments;
    returns: Empty;
  };
  change: {
    arguments: ChangeArguments;
    returns: Empty;
  };
  'nbd-server-start': {
    arguments: NbdServerStartArguments;
    returns: Empty;
  };
  'nbd-server-add': {
    arguments: NbdServerAddArguments;
    returns: Empty;
  };
  'nbd-server-remove': {
    arguments: NbdServerRemoveArguments;
    returns: Empty;
  };
  'nbd-server-stop': {
    arguments: Empty;
    returns: Empty;
  };
  transaction: {
    arguments: TransactionArguments;
    returns: Empty;
  };
};
/**
 * The version of the endpoint.
 */
export type VersionInfo = {
  qemu: VersionTriple;
  package: string;
};
/**
 * A version in numbers.
 */
export type VersionTriple = {
  major: Int;
  minor: Int;
  micro: Int;
};
/**
 * A command that can be used.
 */
export type CommandInfo = {
  name: string;
};
/**
 * An event that may come.
 */
export type EventInfo = {
  name: string;
};
/**
 * Runs a line of the monitor for people.
 */
export type HumanMonitorCommandArguments = {
  'command-line': string;
  'cpu-index'?: Int;
};
/**
 * Whether the machine runs.
 */
export type StatusInfo = {
  running: boolean;
  singlestep: boolean;
  status: RunState;
};
/**
 * Makes an object: a secret, throttle group, I/O thread and so on.
 */
export type ObjectAddArguments = {
  'qom-type': string;
  id: string;
  props?: Json;
};
/**
 * Deletes an object that nothing uses.
 */
export type ObjectDelArguments = {
  id: string;
};
/**
 * Plugs in a guest device. Takes the properties of the device as further arguments.
 */
export type DeviceAddArguments = {
  driver: string;
  bus?: string;
  id?: string;
  [k: string]: Json | undefined;
};
/**
 * Unplugs a guest device; DEVICE_DELETED tells when it is gone.
 */
export type DeviceDelArguments = {
  id: string;
};
/**
 * Lists the properties of an object.
 */
export type QomListArguments = {
  path: string;
};
/**
 * A property of an object.
 */
export type ObjectPropertyInfo = {
  name: string;
  type: string;
  description?: string;
};
/**
 * Tells the value of a property.
 */
export type QomGetArguments = {
  path: string;
  property: string;
};
/**
 * Changes the value of a property.
 */
export type QomSetArguments = {
  path: string;
  property: string;
  value: Json;
};
/**
 * What the guest is called.
 */
export type NameInfo = {
  name?: string;
};
/**
 * An I/O thread.
 */
export type IOThreadInfo = {
  id: string;
  'thread-id': Int;
  'poll-max-ns': Int;
  'poll-grow': Int;
  'poll-shrink': Int;
};
export type SchemaInfoMetaTypeBuiltin = {
  name: string;
  'meta-type': 'builtin';
  'json-type': JSONType;
};
export type SchemaInfoMetaTypeEnum = {
  name: string;
  'meta-type': 'enum';
  values: string[];
};
export type SchemaInfoMetaTypeArray = {
  name: string;
  'meta-type': 'array';
  'element-type': string;
};
export type SchemaInfoMetaTypeObject = {
  name: string;
  'meta-type': 'object';
  members: SchemaInfoObjectMember[];
  tag?: string;
  variants?: SchemaInfoObjectVariant[];
};
/**
 * A member of an object type.
 */
export type SchemaInfoObjectMember = {
  name: string;
  type: string;
  default?: Json;
};
/**
 * A variant of a union.
 */
export type SchemaInfoObjectVariant = {
  case: string;
  type: string;
};
export type SchemaInfoMetaTypeAlternate = {
  name: string;
  'meta-type': 'alternate';
  members: SchemaInfoAlternateMember[];
};
/**
 * A branch of an alternate.
 */
export type SchemaInfoAlternateMember = {
  type: string;
};
export type SchemaInfoMetaTypeCommand = {
  name: string;
  'meta-type': 'command';
  'arg-type': string;
  'ret-type': string;
};
export type SchemaInfoMetaTypeEvent = {
  name: string;
  'meta-type': 'event';
  'arg-type': string;
};
/**
 * A virtual block device and what is in it.
 */
export type BlockInfo = {
  device: string;
  qdev?: string;
  type: string;
  removable: boolean;
  locked: boolean;
  inserted?: BlockDeviceInfo;
  tray_open?: boolean;
  'io-status'?: BlockDeviceIoStatus;
  'dirty-bitmaps'?: BlockDirtyInfo[];
};
/**
 * A node with its image and limits.
 */
export type BlockDeviceInfo = {
  file: string;
  'node-name'?: string;
  ro: boolean;
  drv: string;
  backing_file?: string;
  backing_file_depth: Int;
  encrypted: boolean;
  encryption_key_missing: boolean;
  detect_zeroes: BlockdevDetectZeroesOptions;
  bps: Int;
  bps_rd: Int;
  bps_wr: Int;
  iops: Int;
  iops_rd: Int;
  iops_wr: Int;
  image: ImageInfo;
  bps_max?: Int;
  bps_rd_max?: Int;
  bps_wr_max?: Int;
  iops_max?: Int;
  iops_rd_max?: Int;
  iops_wr_max?: Int;
  bps_max_length?: Int;
  bps_rd_max_length?: Int;
  bps_wr_max_length?: Int;
  iops_max_length?: Int;
  iops_rd_max_length?: Int;
  iops_wr_max_length?: Int;
  iops_size?: Int;
  group?: string;
  cache: BlockdevCacheInfo;
  write_threshold: Int;
};
/**
 * An image as found on disk.
 */
export type ImageInfo = {
  filename: string;
  format: string;
  'dirty-flag'?: boolean;
  'actual-size'?: Int;
  'virtual-size': Int;
  'cluster-size'?: Int;
  encrypted?: boolean;
  compressed?: boolean;
  'backing-filename'?: string;
  'full-backing-filename'?: string;
  'backing-filename-format'?: string;
  snapshots?: SnapshotInfo[];
  'backing-image'?: ImageInfo;
  'format-specific'?: ImageInfoSpecific;
};
/**
 * A snapshot that is kept inside an image.
 */
export type SnapshotInfo = {
  id: string;
  name: string;
  'vm-state-size': Int;
  'date-sec': Int;
  'date-nsec': Int;
  'vm-clock-sec': Int;
  'vm-clock-nsec': Int;
};
export type ImageInfoSpecificTypeQcow2 = {
  type: 'qcow2';
  data: ImageInfoSpecificQCow2;
};
/**
 * Details that only qcow2 images have.
 */
export type ImageInfoSpecificQCow2 = {
  compat: string;
  'lazy-refcounts'?: boolean;
  corrupt?: boolean;
  'refcount-bits': Int;
  encrypt?: ImageInfoSpecificQCow2Encryption;
};
export type ImageInfoSpecificQCow2EncryptionFormatAes = {
  format: 'aes';
};
export type ImageInfoSpecificQCow2EncryptionFormatLuks = {
  format: 'luks';
  'cipher-alg': QCryptoCipherAlgorithm;
  'cipher-mode': QCryptoCipherMode;
  'ivgen-alg': QCryptoIVGenAlgorithm;
  'ivgen-hash-alg'?: QCryptoHashAlgorithm;
  'hash-alg': QCryptoHashAlgorithm;
  'payload-offset': Int;
  'master-key-iters': Int;
  uuid: string;
  slots: QCryptoBlockInfoLUKSSlot[];
};
/**
 * A key slot of a LUKS volume.
 */
export type QCryptoBlockInfoLUKSSlot = {
  active: boolean;
  iters?: Int;
  stripes?: Int;
  'key-offset': Int;
};
export type ImageInfoSpecificTypeVmdk = {
  type: 'vmdk';
  data: ImageInfoSpecificVmdk;
};
/**
 * Details that only VMDK images have.
 */
export type ImageInfoSpecificVmdk = {
  'create-type': string;
  cid: Int;
  'parent-cid': Int;
  extents: ImageInfo[];
};
export type ImageInfoSpecificTypeLuks = {
  type: 'luks';
  data: QCryptoBlockInfoLUKS;
};
/**
 * The header of a LUKS volume.
 */
export type QCryptoBlockInfoLUKS = {
  'cipher-alg': QCryptoCipherAlgorithm;
  'cipher-mode': QCryptoCipherMode;
  'ivgen-alg': QCryptoIVGenAlgorithm;
  'ivgen-hash-alg'?: QCryptoHashAlgorithm;
  'hash-alg': QCryptoHashAlgorithm;
  'payload-offset': Int;
  'master-key-iters': Int;
  uuid: string;
  slots: QCryptoBlockInfoLUKSSlot[];
};
/**
 * The caching in force for a node.
 */
export type BlockdevCacheInfo = {
  writeback: boolean;
  direct: boolean;
  'no-flush': boolean;
};
/**
 * One dirty bitmap of a device.
 */
export type BlockDirtyInfo = {
  name?: string;
  count: Int;
  granularity: Uint32;
  status: DirtyBitmapStatus;
};
/**
 * Reads the I/O counters.
 */
export type QueryBlockstatsArguments = {
  'query-nodes'?: boolean;
};
/**
 * Counters of a device or node, with those beneath it.
 */
export type BlockStats = {
  device?: string;
  'node-name'?: string;
  stats: BlockDeviceStats;
  parent?: BlockStats;
  backing?: BlockStats;
};
/**
 * I/O counters of a device or node since it exists.
 */
export type BlockDeviceStats = {
  rd_bytes: Int;
  wr_bytes: Int;
  rd_operations: Int;
  wr_operations: Int;
  flush_operations: Int;
  flush_total_time_ns: Int;
  wr_total_time_ns: Int;
  rd_total_time_ns: Int;
  wr_highest_offset: Int;
  rd_merged: Int;
  wr_merged: Int;
  idle_time_ns?: Int;
  failed_rd_operations: Int;
  failed_wr_operations: Int;
  failed_flush_operations: Int;
  invalid_rd_operations: Int;
  invalid_wr_operations: Int;
  invalid_flush_operations: Int;
  account_invalid: boolean;
  account_failed: boolean;
  timed_stats: BlockDeviceTimedStats[];
};
/**
 * Latencies and queue depths over one interval.
 */
export type BlockDeviceTimedStats = {
  interval_length: Int;
  min_rd_latency_ns: Int;
  max_rd_latency_ns: Int;
  avg_rd_latency_ns: Int;
  min_wr_latency_ns: Int;
  max_wr_latency_ns: Int;
  avg_wr_latency_ns: Int;
  min_flush_latency_ns: Int;
  max_flush_latency_ns: Int;
  avg_flush_latency_ns: Int;
  avg_rd_queue_depth: number;
  avg_wr_queue_depth: number;
};
/**
 * A block job and how far it has come.
 */
export type BlockJobInfo = {
  type: string;
  device: string;
  len: Int;
  offset: Int;
  busy: boolean;
  paused: boolean;
  speed: Int;
  'io-status': BlockDeviceIoStatus;
  ready: boolean;
  status: BlockJobStatus;
};
/**
 * Once set the password of an encrypted image; since 2.10 it does nothing but fail.
 */
export type BlockPasswdArguments = {
  device?: string;
  'node-name'?: string;
  password: string;
};
/**
 * Gives an image another size, even under a running guest. One of @device and @node-name is needed, and only one.
 */
export type BlockResizeArguments = {
  device?: string;
  'node-name'?: string;
  size: Int;
};
/**
 * Arguments of blockdev-snapshot-sync. One of @device and @node-name is needed, and only one.
 */
export type BlockdevSnapshotSync = {
  device?: string;
  'node-name'?: string;
  'snapshot-file': string;
  'snapshot-node-name'?: string;
  format?: string;
  mode?: NewImageMode;
};
/**
 * Arguments of blockdev-snapshot.
 */
export type BlockdevSnapshot = {
  node: string;
  overlay: string;
};
/**
 * Writes another backing file name into an image, on disk and in memory. The image is opened anew for writing if it must be, but the name is not followed.
 */
export type ChangeBackingFileArguments = {
  device: string;
  'image-node-name': string;
  'backing-file': string;
};
/**
 * Starts a job that moves the data of overlays down into a backing image while the guest goes on. A smaller base grows to the size of top; a larger one keeps its own. Committing the active layer waits at the end for block-job-complete (since 2.0).
 */
export type BlockCommitArguments = {
  'job-id'?: string;
  device: string;
  base?: string;
  top?: string;
  'backing-file'?: string;
  speed?: Int;
  'filter-node-name'?: string;
};
/**
 * Arguments of drive-backup. The error policies concern the job's I/O; for the guest's, those of its device hold.
 */
export type DriveBackup = {
  'job-id'?: string;
  device: string;
  target: string;
  format?: string;
  sync: MirrorSyncMode;
  mode?: NewImageMode;
  speed?: Int;
  bitmap?: string;
  compress?: boolean;
  'on-source-error'?: BlockdevOnError;
  'on-target-error'?: BlockdevOnError;
};
/**
 * Arguments of blockdev-backup. The error policies concern the job's I/O; for the guest's, those of its device hold.
 */
export type BlockdevBackup = {
  'job-id'?: string;
  device: string;
  target: string;
  sync: MirrorSyncMode;
  speed?: Int;
  compress?: boolean;
  'on-source-error'?: BlockdevOnError;
  'on-target-error'?: BlockdevOnError;
};
/**
 * Arguments of drive-mirror.
 */
export type DriveMirror = {
  'job-id'?: string;
  device: string;
  target: string;
  format?: string;
  'node-name'?: string;
  replaces?: string;
  sync: MirrorSyncMode;
  mode?: NewImageMode;
  speed?: Int;
  granularity?: Uint32;
  'buf-size'?: Int;
  'on-source-error'?: BlockdevOnError;
  'on-target-error'?: BlockdevOnError;
  unmap?: boolean;
};
/**
 * Arguments of block-dirty-bitmap-add.
 */
export type BlockDirtyBitmapAdd = {
  node: string;
  name: string;
  granularity?: Uint32;
  persistent?: boolean;
  autoload?: boolean;
};
/**
 * Names a dirty bitmap.
 */
export type BlockDirtyBitmap = {
  node: string;
  name: string;
};
/**
 * A digest of what a dirty bitmap marks.
 */
export type BlockDirtyBitmapSha256 = {
  sha256: string;
};
/**
 * Starts a job that keeps a node equal to a device, copying and then following its writes.
 */
export type BlockdevMirrorArguments = {
  'job-id'?: string;
  device: string;
  target: string;
  replaces?: string;
  sync: MirrorSyncMode;
  speed?: Int;
  granularity?: Uint32;
  'buf-size'?: Int;
  'on-source-error'?: BlockdevOnError;
  'on-target-error'?: BlockdevOnError;
  'filter-node-name'?: string;
};
/**
 * Arguments of block_set_io_throttle.
 */
export type BlockIOThrottle = {
  device?: string;
  id?: string;
  bps: Int;
  bps_rd: Int;
  bps_wr: Int;
  iops: Int;
  iops_rd: Int;
  iops_wr: Int;
  bps_max?: Int;
  bps_rd_max?: Int;
  bps_wr_max?: Int;
  iops_max?: Int;
  iops_rd_max?: Int;
  iops_wr_max?: Int;
  bps_max_length?: Int;
  bps_rd_max_length?: Int;
  bps_wr_max_length?: Int;
  iops_max_length?: Int;
  iops_rd_max_length?: Int;
  iops_wr_max_length?: Int;
  iops_size?: Int;
  group?: string;
};
/**
 * Starts a job that pulls data from backing images up into an image, which then no longer needs them, or only the base. It may be any image of the chain above the base. block-job-cancel ends it early; query-block-jobs shows it; BLOCK_JOB_COMPLETED tells that it is done.
 */
export type BlockStreamArguments = {
  'job-id'?: string;
  device: string;
  base?: string;
  'base-node'?: string;
  'backing-file'?: string;
  speed?: Int;
  'on-error'?: BlockdevOnError;
};
/**
 * Limits how fast a block job works.
 */
export type BlockJobSetSpeedArguments = {
  device: string;
  speed: Int;
};
/**
 * Tells a block job to end early, and returns before it has. It stays listed until it sends BLOCK_JOB_CANCELLED. A mirror that was ready ends with BLOCK_JOB_COMPLETED instead, its target a copy as of then. A cancelled stream keeps the backing file and can be started again.
 */
export type BlockJobCancelArguments = {
  device: string;
  force?: boolean;
};
/**
 * Tells a block job to pause, and returns before it has. No event tells when. Pauses do not add up. Cancelling resumes it.
 */
export type BlockJobPauseArguments = {
  device: string;
};
/**
 * Lets a paused block job go on and forgets its error status. Harmless to a running one.
 */
export type BlockJobResumeArguments = {
  device: string;
};
/**
 * Ends a job that has become ready, such as a mirror, whose device then uses the target alone. BLOCK_JOB_COMPLETED may come before or after the reply. Fails while the job is paused or being cancelled, and on an I/O error, to which the job's error policy applies too.
 */
export type BlockJobCompleteArguments = {
  device: string;
};
/**
 * Takes a concluded job off the list. Only for jobs that are started so as to stay listed; refused before the job has concluded.
 */
export type BlockJobDismissArguments = {
  id: string;
};
/**
 * Lets a pending job make its last changes to the graph. One member of a transaction speaks for all of them.
 */
export type BlockJobFinalizeArguments = {
  id: string;
};
export type BlockdevOptionsDriverBlkdebug = {
  driver: 'blkdebug';
  'node-name'?: string;
  discard?: BlockdevDiscardOptions;
  cache?: BlockdevCacheOptions;
  'read-only'?: boolean;
  'force-share'?: boolean;
  'detect-zeroes'?: BlockdevDetectZeroesOptions;
  image: BlockdevRef;
  config?: string;
  align?: Int;
  'max-transfer'?: Int32;
  'opt-write-zero'?: Int32;
  'max-write-zero'?: Int32;
  'opt-discard'?: Int32;
  'max-discard'?: Int32;
  'inject-error'?: BlkdebugInjectErrorOptions[];
  'set-state'?: BlkdebugSetStateOptions[];
};
/**
 * Caching for a new node.
 */
export type BlockdevCacheOptions = {
  direct?: boolean;
  'no-flush'?: boolean;
};
/**
 * An error for blkdebug to inject.
 */
export type BlkdebugInjectErrorOptions = {
  event: BlkdebugEvent;
  state?: Int;
  errno?: Int;
  sector?: Int;
  once?: boolean;
  immediately?: boolean;
};
/**
 * A state transition of blkdebug.
 */
export type BlkdebugSetStateOptions = {
  event: BlkdebugEvent;
  state?: Int;
  new_state: Int;
};
export type BlockdevOptionsDriverBlkverify = {
  driver: 'blkverify';
  'node-name'?: string;
  discard?: BlockdevDiscardOptions;
  cache?: BlockdevCacheOptions;
  'read-only'?: boolean;
  'force-share'?: boolean;
  'detect-zeroes'?: BlockdevDetectZeroesOptions;
  test: BlockdevRef;
  raw: BlockdevRef;
};
export type BlockdevOptionsDriverBochs = {
  driver: 'bochs';
  'node-name'?: string;
  discard?: BlockdevDiscardOptions;
  cache?: BlockdevCacheOptions;
  'read-only'?: boolean;
  'force-share'?: boolean;
  'detect-zeroes'?: BlockdevDetectZeroesOptions;
  file: BlockdevRef;
};
export type BlockdevOptionsDriverCloop = {
  driver: 'cloop';
  'node-name'?: string;
  discard?: BlockdevDiscardOptions;
  cache?: BlockdevCacheOptions;
  'read-only'?: boolean;
  'force-share'?: boolean;
  'detect-zeroes'?: BlockdevDetectZeroesOptions;
  file: BlockdevRef;
};
export type BlockdevOptionsDriverDmg = {
  driver: 'dmg';
  'node-name'?: string;
  discard?: BlockdevDiscardOptions;
  cache?: BlockdevCacheOptions;
  'read-only'?: boolean;
  'force-share'?: boolean;
  'detect-zeroes'?: BlockdevDetectZeroesOptions;
  file: BlockdevRef;
};
export type BlockdevOptionsDriverFile = {
  driver: 'file';
  'node-name'?: string;
  discard?: BlockdevDiscardOptions;
  cache?: BlockdevCacheOptions;
  'read-only'?: boolean;
  'force-share'?: boolean;
  'detect-zeroes'?: BlockdevDetectZeroesOptions;
  filename: string;
  'pr-manager'?: string;
  locking?: OnOffAuto;
  aio?: BlockdevAioOptions;
};
export type BlockdevOptionsDriverFtp = {
  driver: 'ftp';
  'node-name'?: string;
  discard?: BlockdevDiscardOptions;
  cache?: BlockdevCacheOptions;
  'read-only'?: boolean;
  'force-share'?: boolean;
  'detect-zeroes'?: BlockdevDetectZeroesOptions;
  url: string;
  readahead?: Int;
  timeout?: Int;
  username?: string;
  'password-secret'?: string;
  'proxy-username'?: string;
  'proxy-password-secret'?: string;
};
export type BlockdevOptionsDriverFtps = {
  driver: 'ftps';
  'node-name'?: string;
  discard?: BlockdevDiscardOptions;
  cache?: BlockdevCacheOptions;
  'read-only'?: boolean;
  'force-share'?: boolean;
  'detect-zeroes'?: BlockdevDetectZeroesOptions;
  url: string;
  readahead?: Int;
  timeout?: Int;
  username?: string;
  'password-secret'?: string;
  'proxy-username'?: string;
  'proxy-password-secret'?: string;
  sslverify?: boolean;
};
export type BlockdevOptionsDriverGluster = {
  driver: 'gluster';
  'node-name'?: string;
  discard?: BlockdevDiscardOptions;
  cache?: BlockdevCacheOptions;
  'read-only'?: boolean;
  'force-share'?: boolean;
  'detect-zeroes'?: BlockdevDetectZeroesOptions;
  volume: string;
  path: string;
  server: SocketAddress[];
  debug?: Int;
  logfile?: string;
};
export type SocketAddressTypeInet = {
  type: 'inet';
  host: string;
  port: string;
  numeric?: boolean;
  to?: Uint16;
  ipv4?: boolean;
  ipv6?: boolean;
};
export type SocketAddressTypeUnix = {
  type: 'unix';
  path: string;
};
export type SocketAddressTypeVsock = {
  type: 'vsock';
  cid: string;
  port: string;
};
export type SocketAddressTypeFd = {
  type: 'fd';
  str: string;
};
export type BlockdevOptionsDriverHostCdrom = {
  driver: 'host_cdrom';
  'node-name'?: string;
  discard?: BlockdevDiscardOptions;
  cache?: BlockdevCacheOptions;
  'read-only'?: boolean;
  'force-share'?: boolean;
  'detect-zeroes'?: BlockdevDetectZeroesOptions;
  filename: string;
  'pr-manager'?: string;
  locking?: OnOffAuto;
  aio?: BlockdevAioOptions;
};
export type BlockdevOptionsDriverHostDevice = {
  driver: 'host_device';
  'node-name'?: string;
  discard?: BlockdevDiscardOptions;
  cache?: BlockdevCacheOptions;
  'read-only'?: boolean;
  'force-share'?: boolean;
  'detect-zeroes'?: BlockdevDetectZeroesOptions;
  filename: string;
  'pr-manager'?: string;
  locking?: OnOffAuto;
  aio?: BlockdevAioOptions;
};
export type BlockdevOptionsDriverHttp = {
  driver: 'http';
  'node-name'?: string;
  discard?: BlockdevDiscardOptions;
  cache?: BlockdevCacheOptions;
  'read-only'?: boolean;
  'force-share'?: boolean;
  'detect-zeroes'?: BlockdevDetectZeroesOptions;
  url: string;
  readahead?: Int;
  timeout?: Int;
  username?: string;
  'password-secret'?: string;
  'proxy-username'?: string;
  'proxy-password-secret'?: string;
  cookie?: string;
  'cookie-secret'?: string;
};
export type BlockdevOptionsDriverHttps = {
  driver: 'https';
  'node-name'?: string;
  discard?: BlockdevDiscardOptions;
  cache?: BlockdevCacheOptions;
  'read-only'?: boolean;
  'force-share'?: boolean;
  'detect-zeroes'?: BlockdevDetectZeroesOptions;
  url: string;
  readahead?: Int;
  timeout?: Int;
  username?: string;
  'password-secret'?: string;
  'proxy-username'?: string;
  'proxy-password-secret'?: string;
  cookie?: string;
  sslverify?: boolean;
  'cookie-secret'?: string;
};
export type BlockdevOptionsDriverIscsi = {
  driver: 'iscsi';
  'node-name'?: string;
  discard?: BlockdevDiscardOptions;
  cache?: BlockdevCacheOptions;
  'read-only'?: boolean;
  'force-share'?: boolean;
  'detect-zeroes'?: BlockdevDetectZeroesOptions;
  transport: IscsiTransport;
  portal: string;
  target: string;
  lun?: Int;
  user?: string;
  'password-secret'?: string;
  'initiator-name'?: string;
  'header-digest'?: IscsiHeaderDigest;
  timeout?: Int;
};
export type BlockdevOptionsDriverLuks = {
  driver: 'luks';
  'node-name'?: string;
  discard?: BlockdevDiscardOptions;
  cache?: BlockdevCacheOptions;
  'read-only'?: boolean;
  'force-share'?: boolean;
  'detect-zeroes'?: BlockdevDetectZeroesOptions;
  file: BlockdevRef;
  'key-secret'?: string;
};
export type BlockdevOptionsDriverNbd = {
  driver: 'nbd';
  'node-name'?: string;
  discard?: BlockdevDiscardOptions;
  cache?: BlockdevCacheOptions;
  'read-only'?: boolean;
  'force-share'?: boolean;
  'detect-zeroes'?: BlockdevDetectZeroesOptions;
  server: SocketAddress;
  export?: string;
  'tls-creds'?: string;
};
export type BlockdevOptionsDriverNfs = {
  driver: 'nfs';
  'node-name'?: string;
  discard?: BlockdevDiscardOptions;
  cache?: BlockdevCacheOptions;
  'read-only'?: boolean;
  'force-share'?: boolean;
  'detect-zeroes'?: BlockdevDetectZeroesOptions;
  server: NFSServer;
  path: string;
  user?: Int;
  group?: Int;
  'tcp-syn-count'?: Int;
  'readahead-size'?: Int;
  'page-cache-size'?: Int;
  debug?: Int;
};
/**
 * Where an NFS server is.
 */
export type NFSServer = {
  type: NFSTransport;
  host: string;
};
export type BlockdevOptionsDriverNullAio = {
  driver: 'null-aio';
  'node-name'?: string;
  discard?: BlockdevDiscardOptions;
  cache?: BlockdevCacheOptions;
  'read-only'?: boolean;
  'force-share'?: boolean;
  'detect-zeroes'?: BlockdevDetectZeroesOptions;
  size?: Int;
  'latency-ns'?: Uint64;
};
export type BlockdevOptionsDriverNullCo = {
  driver: 'null-co';
  'node-name'?: string;
  discard?: BlockdevDiscardOptions;
  cache?: BlockdevCacheOptions;
  'read-only'?: boolean;
  'force-share'?: boolean;
  'detect-zeroes'?: BlockdevDetectZeroesOptions;
  size?: Int;
  'latency-ns'?: Uint64;
};
export type BlockdevOptionsDriverNvme = {
  driver: 'nvme';
  'node-name'?: string;
  discard?: BlockdevDiscardOptions;
  cache?: BlockdevCacheOptions;
  'read-only'?: boolean;
  'force-share'?: boolean;
  'detect-zeroes'?: BlockdevDetectZeroesOptions;
  device: string;
  namespace: Int;
};
export type BlockdevOptionsDriverParallels = {
  driver: 'parallels';
  'node-name'?: string;
  discard?: BlockdevDiscardOptions;
  cache?: BlockdevCacheOptions;
  'read-only'?: boolean;
  'force-share'?: boolean;
  'detect-zeroes'?: BlockdevDetectZeroesOptions;
  file: BlockdevRef;
};
export type BlockdevOptionsDriverQcow2 = {
  driver: 'qcow2';
  'node-name'?: string;
  discard?: BlockdevDiscardOptions;
  cache?: BlockdevCacheOptions;
  'read-only'?: boolean;
  'force-share'?: boolean;
  'detect-zeroes'?: BlockdevDetectZeroesOptions;
  file: BlockdevRef;
  backing?: BlockdevRefOrNull;
  'lazy-refcounts'?: boolean;
  'pass-discard-request'?: boolean;
  'pass-discard-snapshot'?: boolean;
  'pass-discard-other'?: boolean;
  'overlap-check'?: Qcow2OverlapChecks;
  'cache-size'?: Int;
  'l2-cache-size'?: Int;
  'l2-cache-entry-size'?: Int;
  'refcount-cache-size'?: Int;
  'cache-clean-interval'?: Int;
  encrypt?: BlockdevQcow2Encryption;
};
/**
 * Which metadata to guard, one by one.
 */
export type Qcow2OverlapCheckFlags = {
  template?: Qcow2OverlapCheckMode;
  'main-header'?: boolean;
  'active-l1'?: boolean;
  'active-l2'?: boolean;
  'refcount-table'?: boolean;
  'refcount-block'?: boolean;
  'snapshot-table'?: boolean;
  'inactive-l1'?: boolean;
  'inactive-l2'?: boolean;
};
export type BlockdevQcow2EncryptionFormatAes = {
  format: 'aes';
  'key-secret'?: string;
};
export type BlockdevQcow2EncryptionFormatLuks = {
  format: 'luks';
  'key-secret'?: string;
};
export type BlockdevOptionsDriverQcow = {
  driver: 'qcow';
  'node-name'?: string;
  discard?: BlockdevDiscardOptions;
  cache?: BlockdevCacheOptions;
  'read-only'?: boolean;
  'force-share'?: boolean;
  'detect-zeroes'?: BlockdevDetectZeroesOptions;
  file: BlockdevRef;
  backing?: BlockdevRefOrNull;
  encrypt?: BlockdevQcowEncryption;
};
export type BlockdevQcowEncryptionFormatAes = {
  format: 'aes';
  'key-secret'?: string;
};
export type BlockdevOptionsDriverQed = {
  driver: 'qed';
  'node-name'?: string;
  discard?: BlockdevDiscardOptions;
  cache?: BlockdevCacheOptions;
  'read-only'?: boolean;
  'force-share'?: boolean;
  'detect-zeroes'?: BlockdevDetectZeroesOptions;
  file: BlockdevRef;
  backing?: BlockdevRefOrNull;
};
export type BlockdevOptionsDriverQuorum = {
  driver: 'quorum';
  'node-name'?: string;
  discard?: BlockdevDiscardOptions;
  cache?: BlockdevCacheOptions;
  'read-only'?: boolean;
  'force-share'?: boolean;
  'detect-zeroes'?: BlockdevDetectZeroesOptions;
  blkverify?: boolean;
  children: BlockdevRef[];
  'vote-threshold': Int;
  'rewrite-corrupted'?: boolean;
  'read-pattern'?: QuorumReadPattern;
};
export type BlockdevOptionsDriverRaw = {
  driver: 'raw';
  'node-name'?: string;
  discard?: BlockdevDiscardOptions;
  cache?: BlockdevCacheOptions;
  'read-only'?: boolean;
  'force-share'?: boolean;
  'detect-zeroes'?: BlockdevDetectZeroesOptions;
  file: BlockdevRef;
  offset?: Int;
  size?: Int;
};
export type BlockdevOptionsDriverRbd = {
  driver: 'rbd';
  'node-name'?: string;
  discard?: BlockdevDiscardOptions;
  cache?: BlockdevCacheOptions;
  'read-only'?: boolean;
  'force-share'?: boolean;
  'detect-zeroes'?: BlockdevDetectZeroesOptions;
  pool: string;
  image: string;
  conf?: string;
  snapshot?: string;
  user?: string;
  server?: InetSocketAddressBase[];
};
/**
 * A host and a port.
 */
export type InetSocketAddressBase = {
  host: string;
  port: string;
};
export type BlockdevOptionsDriverReplication = {
  driver: 'replication';
  'node-name'?: string;
  discard?: BlockdevDiscardOptions;
  cache?: BlockdevCacheOptions;
  'read-only'?: boolean;
  'force-share'?: boolean;
  'detect-zeroes'?: BlockdevDetectZeroesOptions;
  file: BlockdevRef;
  mode: ReplicationMode;
  'top-id'?: string;
};
export type BlockdevOptionsDriverSheepdog = {
  driver: 'sheepdog';
  'node-name'?: string;
  discard?: BlockdevDiscardOptions;
  cache?: BlockdevCacheOptions;
  'read-only'?: boolean;
  'force-share'?: boolean;
  'detect-zeroes'?: BlockdevDetectZeroesOptions;
  server: SocketAddress;
  vdi: string;
  'snap-id'?: Uint32;
  tag?: string;
};
export type BlockdevOptionsDriverSsh = {
  driver: 'ssh';
  'node-name'?: string;
  discard?: BlockdevDiscardOptions;
  cache?: BlockdevCacheOptions;
  'read-only'?: boolean;
  'force-share'?: boolean;
  'detect-zeroes'?: BlockdevDetectZeroesOptions;
  server: InetSocketAddress;
  path: string;
  user?: string;
  'host-key-check'?: SshHostKeyCheck;
};
/**
 * An address of TCP.
 */
export type InetSocketAddress = {
  host: string;
  port: string;
  numeric?: boolean;
  to?: Uint16;
  ipv4?: boolean;
  ipv6?: boolean;
};
export type SshHostKeyCheckModeNone = {
  mode: 'none';
};
export type SshHostKeyCheckModeHash = {
  mode: 'hash';
  type: SshHostKeyCheckHashType;
  hash: string;
};
export type SshHostKeyCheckModeKnownHosts = {
  mode: 'known_hosts';
};
export type BlockdevOptionsDriverThrottle = {
  driver: 'throttle';
  'node-name'?: string;
  discard?: BlockdevDiscardOptions;
  cache?: BlockdevCacheOptions;
  'read-only'?: boolean;
  'force-share'?: boolean;
  'detect-zeroes'?: BlockdevDetectZeroesOptions;
  'throttle-group': string;
  file: BlockdevRef;
};
export type BlockdevOptionsDriverVdi = {
  driver: 'vdi';
  'node-name'?: string;
  discard?: BlockdevDiscardOptions;
  cache?: BlockdevCacheOptions;
  'read-only'?: boolean;
  'force-share'?: boolean;
  'detect-zeroes'?: BlockdevDetectZeroesOptions;
  file: BlockdevRef;
};
export type BlockdevOptionsDriverVhdx = {
  driver: 'vhdx';
  'node-name'?: string;
  discard?: BlockdevDiscardOptions;
  cache?: BlockdevCacheOptions;
  'read-only'?: boolean;
  'force-share'?: boolean;
  'detect-zeroes'?: BlockdevDetectZeroesOptions;
  file: BlockdevRef;
};
export type BlockdevOptionsDriverVmdk = {
  driver: 'vmdk';
  'node-name'?: string;
  discard?: BlockdevDiscardOptions;
  cache?: BlockdevCacheOptions;
  'read-only'?: boolean;
  'force-share'?: boolean;
  'detect-zeroes'?: BlockdevDetectZeroesOptions;
  file: BlockdevRef;
  backing?: BlockdevRefOrNull;
};
export type BlockdevOptionsDriverVpc = {
  driver: 'vpc';
  'node-name'?: string;
  discard?: BlockdevDiscardOptions;
  cache?: BlockdevCacheOptions;
  'read-only'?: boolean;
  'force-share'?: boolean;
  'detect-zeroes'?: BlockdevDetectZeroesOptions;
  file: BlockdevRef;
};
export type BlockdevOptionsDriverVvfat = {
  driver: 'vvfat';
  'node-name'?: string;
  discard?: BlockdevDiscardOptions;
  cache?: BlockdevCacheOptions;
  'read-only'?: boolean;
  'force-share'?: boolean;
  'detect-zeroes'?: BlockdevDetectZeroesOptions;
  dir: string;
  'fat-type'?: Int;
  floppy?: boolean;
  label?: string;
  rw?: boolean;
};
export type BlockdevOptionsDriverVxhs = {
  driver: 'vxhs';
  'node-name'?: string;
  discard?: BlockdevDiscardOptions;
  cache?: BlockdevCacheOptions;
  'read-only'?: boolean;
  'force-share'?: boolean;
  'detect-zeroes'?: BlockdevDetectZeroesOptions;
  'vdisk-id': string;
  server: InetSocketAddressBase;
  'tls-creds'?: string;
};
/**
 * Deletes a node made by blockdev-add, unless a device, another node or a job still uses it.
 */
export type BlockdevDelArguments = {
  'node-name': string;
};
export type BlockdevCreateOptionsDriverBlkdebug = {
  driver: 'blkdebug';
};
export type BlockdevCreateOptionsDriverBlkverify = {
  driver: 'blkverify';
};
export type BlockdevCreateOptionsDriverBochs = {
  driver: 'bochs';
};
export type BlockdevCreateOptionsDriverCloop = {
  driver: 'cloop';
};
export type BlockdevCreateOptionsDriverDmg = {
  driver: 'dmg';
};
export type BlockdevCreateOptionsDriverFile = {
  driver: 'file';
  filename: string;
  size: Size;
  preallocation?: PreallocMode;
  nocow?: boolean;
};
export type BlockdevCreateOptionsDriverFtp = {
  driver: 'ftp';
};
export type BlockdevCreateOptionsDriverFtps = {
  driver: 'ftps';
};
export type BlockdevCreateOptionsDriverGluster = {
  driver: 'gluster';
  location: BlockdevOptionsGluster;
  size: Size;
  preallocation?: PreallocMode;
};
/**
 * Options of gluster.
 */
export type BlockdevOptionsGluster = {
  volume: string;
  path: string;
  server: SocketAddress[];
  debug?: Int;
  logfile?: string;
};
export type BlockdevCreateOptionsDriverHostCdrom = {
  driver: 'host_cdrom';
};
export type BlockdevCreateOptionsDriverHostDevice = {
  driver: 'host_device';
};
export type BlockdevCreateOptionsDriverHttp = {
  driver: 'http';
};
export type BlockdevCreateOptionsDriverHttps = {
  driver: 'https';
};
export type BlockdevCreateOptionsDriverIscsi = {
  driver: 'iscsi';
};
export type BlockdevCreateOptionsDriverLuks = {
  driver: 'luks';
};
export type BlockdevCreateOptionsDriverNbd = {
  driver: 'nbd';
};
export type BlockdevCreateOptionsDriverNfs = {
  driver: 'nfs';
  location: BlockdevOptionsNfs;
  size: Size;
};
/**
 * Options of nfs.
 */
export type BlockdevOptionsNfs = {
  server: NFSServer;
  path: string;
  user?: Int;
  group?: Int;
  'tcp-syn-count'?: Int;
  'readahead-size'?: Int;
  'page-cache-size'?: Int;
  debug?: Int;
};
export type BlockdevCreateOptionsDriverNullAio = {
  driver: 'null-aio';
};
export type BlockdevCreateOptionsDriverNullCo = {
  driver: 'null-co';
};
export type BlockdevCreateOptionsDriverNvme = {
  driver: 'nvme';
};
export type BlockdevCreateOptionsDriverParallels = {
  driver: 'parallels';
};
export type BlockdevCreateOptionsDriverQcow2 = {
  driver: 'qcow2';
  file: BlockdevRef;
  size: Size;
  version?: BlockdevQcow2Version;
  'backing-file'?: string;
  'backing-fmt'?: BlockdevDriver;
  encrypt?: QCryptoBlockCreateOptions;
  'cluster-size'?: Size;
  preallocation?: PreallocMode;
  'lazy-refcounts'?: boolean;
  'refcount-bits'?: Int;
};
export type QCryptoBlockCreateOptionsFormatQcow = {
  format: 'qcow';
  'key-secret'?: string;
};
export type QCryptoBlockCreateOptionsFormatLuks = {
  format: 'luks';
  'key-secret'?: string;
  'cipher-alg'?: QCryptoCipherAlgorithm;
  'cipher-mode'?: QCryptoCipherMode;
  'ivgen-alg'?: QCryptoIVGenAlgorithm;
  'ivgen-hash-alg'?: QCryptoHashAlgorithm;
  'hash-alg'?: QCryptoHashAlgorithm;
  'iter-time'?: Int;
};
export type BlockdevCreateOptionsDriverQcow = {
  driver: 'qcow';
};
export type BlockdevCreateOptionsDriverQed = {
  driver: 'qed';
};
export type BlockdevCreateOptionsDriverQuorum = {
  driver: 'quorum';
};
export type BlockdevCreateOptionsDriverRaw = {
  driver: 'raw';
};
export type BlockdevCreateOptionsDriverRbd = {
  driver: 'rbd';
  location: BlockdevOptionsRbd;
  size: Size;
  'cluster-size'?: Size;
};
/**
 * Options of rbd.
 */
export type BlockdevOptionsRbd = {
  pool: string;
  image: string;
  conf?: string;
  snapshot?: string;
  user?: string;
  server?: InetSocketAddressBase[];
};
export type BlockdevCreateOptionsDriverReplication = {
  driver: 'replication';
};
export type BlockdevCreateOptionsDriverSheepdog = {
  driver: 'sheepdog';
  location: BlockdevOptionsSheepdog;
  size: Size;
  'backing-file'?: string;
  preallocation?: PreallocMode;
  redundancy?: SheepdogRedundancy;
  'object-size'?: Size;
};
/**
 * Options of sheepdog. @snap-id and @tag exclude each other.
 */
export type BlockdevOptionsSheepdog = {
  server: SocketAddress;
  vdi: string;
  'snap-id'?: Uint32;
  tag?: string;
};
export type SheepdogRedundancyTypeFull = {
  type: 'full';
  copies: Int;
};
export type SheepdogRedundancyTypeErasureCoded = {
  type: 'erasure-coded';
  'data-strips': Int;
  'parity-strips': Int;
};
export type BlockdevCreateOptionsDriverSsh = {
  driver: 'ssh';
  location: BlockdevOptionsSsh;
  size: Size;
};
/**
 * Options of ssh.
 */
export type BlockdevOptionsSsh = {
  server: InetSocketAddress;
  path: string;
  user?: string;
  'host-key-check'?: SshHostKeyCheck;
};
export type BlockdevCreateOptionsDriverThrottle = {
  driver: 'throttle';
};
export type BlockdevCreateOptionsDriverVdi = {
  driver: 'vdi';
};
export type BlockdevCreateOptionsDriverVhdx = {
  driver: 'vhdx';
};
export type BlockdevCreateOptionsDriverVmdk = {
  driver: 'vmdk';
};
export type BlockdevCreateOptionsDriverVpc = {
  driver: 'vpc';
};
export type BlockdevCreateOptionsDriverVvfat = {
  driver: 'vvfat';
};
export type BlockdevCreateOptionsDriverVxhs = {
  driver: 'vxhs';
};
/**
 * Opens a tray; does nothing if it is open. The medium stays in but out of the guest's reach. DEVICE_TRAY_MOVED tells that it moved. None comes if there is no guest device or no tray, or the guest has locked it, @force is not set, and the guest keeps it shut.
 */
export type BlockdevOpenTrayArguments = {
  device?: string;
  id?: string;
  force?: boolean;
};
/**
 * Closes a tray; does nothing if it is closed. A medium that is in comes within the guest's reach.
 */
export type BlockdevCloseTrayArguments = {
  device?: string;
  id?: string;
};
/**
 * Takes the medium out of an open tray, or out of a device without guest device; does nothing if there is none.
 */
export type BlockdevRemoveMediumArguments = {
  id: string;
};
/**
 * Puts a medium into an open and empty tray, or into an empty device without guest device.
 */
export type BlockdevInsertMediumArguments = {
  id: string;
  'node-name': string;
};
/**
 * Exchanges the medium for an image file: open tray, remove, insert and close tray in one.
 */
export type BlockdevChangeMediumArguments = {
  device?: string;
  id?: string;
  filename: string;
  format?: string;
  'read-only-mode'?: BlockdevChangeReadOnlyMode;
};
/**
 * Asks for BLOCK_WRITE_THRESHOLD when a write reaches past an offset, so that a volume can be extended before it is full.
 */
export type BlockSetWriteThresholdArguments = {
  'node-name': string;
  'write-threshold': Uint64;
};
/**
 * Changes the children of a node: adds @node, or takes @child away; not both. Quorum alone supports it. A new child has to hold the same data already. Experimental.
 */
export type XBlockdevChangeArguments = {
  parent: string;
  child?: string;
  node?: string;
};
/**
 * Moves a node with its children to another thread, if no device uses it. Experimental, meant for tests.
 */
export type XBlockdevSetIothreadArguments = {
  'node-name': string;
  iothread: StrOrNull;
  force?: boolean;
};
/**
 * Arguments of blockdev-snapshot-internal-sync.
 */
export type BlockdevSnapshotInternal = {
  device: string;
  name: string;
};
/**
 * Deletes a snapshot from inside an image. One of @id and @name is needed; given both, both have to fit.
 */
export type BlockdevSnapshotDeleteInternalSyncArguments = {
  device: string;
  id?: string;
  name?: string;
};
/**
 * Takes the medium out of a device.
 */
export type EjectArguments = {
  device?: string;
  id?: string;
  force?: boolean;
};
/**
 * Exchanges a medium, or changes the VNC server. Superseded, by blockdev-change-medium for one.
 */
export type ChangeArguments = {
  device: string;
  target: string;
  arg?: string;
};
/**
 * Starts the NBD server.
 */
export type NbdServerStartArguments = {
  addr: SocketAddressLegacy;
  'tls-creds'?: string;
};
export type SocketAddressLegacyTypeInet = {
  type: 'inet';
  data: InetSocketAddress;
};
export type SocketAddressLegacyTypeUnix = {
  type: 'unix';
  data: UnixSocketAddress;
};
/**
 * An address of a local socket.
 */
export type UnixSocketAddress = {
  path: string;
};
export type SocketAddressLegacyTypeVsock = {
  type: 'vsock';
  data: VsockSocketAddress;
};
/**
 * An address between host and guest.
 */
export type VsockSocketAddress = {
  cid: string;
  port: string;
};
export type SocketAddressLegacyTypeFd = {
  type: 'fd';
  data: String;
};
/**
 * A string in an object, for unions that want one as a branch.
 */
export type String = {
  str: string;
};
/**
 * Exports a node.
 */
export type NbdServerAddArguments = {
  device: string;
  name?: string;
  writable?: boolean;
};
/**
 * Takes an export away.
 */
export type NbdServerRemoveArguments = {
  name: string;
  mode?: NbdServerRemoveMode;
};
/**
 * Takes several steps at once: all of them, or none if one fails.
 */
export type TransactionArguments = {
  actions: TransactionAction[];
  properties?: TransactionProperties;
};
export type TransactionActionTypeAbort = {
  type: 'abort';
  data: Abort;
};
export type TransactionActionTypeBlockDirtyBitmapAdd = {
  type: 'block-dirty-bitmap-add';
  data: BlockDirtyBitmapAdd;
};
export type TransactionActionTypeBlockDirtyBitmapClear = {
  type: 'block-dirty-bitmap-clear';
  data: BlockDirtyBitmap;
};
export type TransactionActionTypeBlockdevBackup = {
  type: 'blockdev-backup';
  data: BlockdevBackup;
};
export type TransactionActionTypeBlockdevSnapshot = {
  type: 'blockdev-snapshot';
  data: BlockdevSnapshot;
};
export type TransactionActionTypeBlockdevSnapshotInternalSync = {
  type: 'blockdev-snapshot-internal-sync';
  data: BlockdevSnapshotInternal;
};
export type TransactionActionTypeBlockdevSnapshotSync = {
  type: 'blockdev-snapshot-sync';
  data: BlockdevSnapshotSync;
};
export type TransactionActionTypeDriveBackup = {
  type: 'drive-backup';
  data: DriveBackup;
};
/**
 * Settings of a transaction.
 */
export type TransactionProperties = {
  'completion-mode'?: ActionCompletionMode;
};
export type QmpEvents = {
  SHUTDOWN: ShutdownEvent;
  POWERDOWN: Empty;
  RESET: ResetEvent;
  STOP: Empty;
  RESUME: Empty;
  DEVICE_DELETED: DeviceDeletedEvent;
  BLOCK_IMAGE_CORRUPTED: BlockImageCorruptedEvent;
  BLOCK_IO_ERROR: BlockIoErrorEvent;
  BLOCK_JOB_COMPLETED: BlockJobCompletedEvent;
  BLOCK_JOB_CANCELLED: BlockJobCancelledEvent;
  BLOCK_JOB_ERROR: BlockJobErrorEvent;
  BLOCK_JOB_READY: BlockJobReadyEvent;
  BLOCK_JOB_PENDING: BlockJobPendingEvent;
  BLOCK_WRITE_THRESHOLD: BlockWriteThresholdEvent;
  DEVICE_TRAY_MOVED: DeviceTrayMovedEvent;
  QUORUM_FAILURE: QuorumFailureEvent;
  QUORUM_REPORT_BAD: QuorumReportBadEvent;
};
/**
 * The machine has shut down, or the endpoint is ending.
 */
export type ShutdownEvent = {
  guest: boolean;
};
/**
 * The machine was reset.
 */
export type ResetEvent = {
  guest: boolean;
};
/**
 * A guest device is gone.
 */
export type DeviceDeletedEvent = {
  device?: string;
  path: string;
};
/**
 * An image was found to be corrupt.
 */
export type BlockImageCorruptedEvent = {
  device: string;
  'node-name'?: string;
  msg: string;
  offset?: Int;
  size?: Int;
  fatal: boolean;
};
/**
 * I/O of a guest failed. With action stop, a STOP event is to follow.
 */
export type BlockIoErrorEvent = {
  device: string;
  'node-name'?: string;
  operation: IoOperationType;
  action: BlockErrorAction;
  nospace?: boolean;
  reason: string;
};
/**
 * A block job ended, be it well or with an error.
 */
export type BlockJobCompletedEvent = {
  type: BlockJobType;
  device: string;
  len: Int;
  offset: Int;
  speed: Int;
  error?: string;
};
/**
 * A block job was cancelled.
 */
export type BlockJobCancelledEvent = {
  type: BlockJobType;
  device: string;
  len: Int;
  offset: Int;
  speed: Int;
};
/**
 * I/O of a block job failed.
 */
export type BlockJobErrorEvent = {
  device: string;
  operation: IoOperationType;
  action: BlockErrorAction;
};
/**
 * A block job can now be completed; a BLOCK_JOB_ERROR revokes that.
 */
export type BlockJobReadyEvent = {
  type: BlockJobType;
  device: string;
  len: Int;
  offset: Int;
  speed: Int;
};
/**
 * A block job waits for block-job-finalize. Within a transaction no job says so before all have come that far.
 */
export type BlockJobPendingEvent = {
  type: BlockJobType;
  id: string;
};
/**
 * A write came to the threshold of its node: time to extend the volume beneath. Comes once, then block-set-write-threshold is needed again.
 */
export type BlockWriteThresholdEvent = {
  'node-name': string;
  'amount-exceeded': Uint64;
  'write-threshold': Uint64;
};
/**
 * A tray was opened or closed, by whomever.
 */
export type DeviceTrayMovedEvent = {
  device: string;
  id: string;
  'tray-open': boolean;
};
/**
 * A quorum could not agree.
 */
export type QuorumFailureEvent = {
  reference: string;
  'sector-num': Int;
  'sectors-count': Int;
};
/**
 * A child of a quorum was outvoted or failed.
 */
export type QuorumReportBadEvent = {
  type: QuorumOpType;
  error?: string;
  'node-name': string;
  'sector-num': Int;
  'sectors-count': Int;
};
export type QmpTypes = {
  QType: QType;
  q_empty: Empty;
  VersionTriple: VersionTriple;
  VersionInfo: VersionInfo;
  CommandInfo: CommandInfo;
  EventInfo: EventInfo;
  RunState: RunState;
  StatusInfo: StatusInfo;
  ObjectPropertyInfo: ObjectPropertyInfo;
  NameInfo: NameInfo;
  IOThreadInfo: IOThreadInfo;
  SchemaMetaType: SchemaMetaType;
  SchemaInfo: SchemaInfo;
  SchemaInfoBuiltin: SchemaInfoBuiltin;
  JSONType: JSONType;
  SchemaInfoEnum: SchemaInfoEnum;
  SchemaInfoArray: SchemaInfoArray;
  SchemaInfoObject: SchemaInfoObject;
  SchemaInfoObjectMember: SchemaInfoObjectMember;
  SchemaInfoObjectVariant: SchemaInfoObjectVariant;
  SchemaInfoAlternate: SchemaInfoAlternate;
  SchemaInfoAlternateMember: SchemaInfoAlternateMember;
  SchemaInfoCommand: SchemaInfoCommand;
  SchemaInfoEvent: SchemaInfoEvent;
  IoOperationType: IoOperationType;
  OnOffAuto: OnOffAuto;
  String: String;
  StrOrNull: StrOrNull;
  QCryptoHashAlgorithm: QCryptoHashAlgorithm;
  QCryptoCipherAlgorithm: QCryptoCipherAlgorithm;
  QCryptoCipherMode: QCryptoCipherMode;
  QCryptoIVGenAlgorithm: QCryptoIVGenAlgorithm;
  QCryptoBlockFormat: QCryptoBlockFormat;
  QCryptoBlockOptionsBase: QCryptoBlockOptionsBase;
  QCryptoBlockOptionsQCow: QCryptoBlockOptionsQCow;
  QCryptoBlockOptionsLUKS: QCryptoBlockOptionsLUKS;
  QCryptoBlockCreateOptionsLUKS: QCryptoBlockCreateOptionsLUKS;
  QCryptoBlockCreateOptions: QCryptoBlockCreateOptions;
  QCryptoBlockInfoQCow: QCryptoBlockInfoQCow;
  QCryptoBlockInfoLUKSSlot: QCryptoBlockInfoLUKSSlot;
  QCryptoBlockInfoLUKS: QCryptoBlockInfoLUKS;
  InetSocketAddressBase: InetSocketAddressBase;
  InetSocketAddress: InetSocketAddress;
  UnixSocketAddress: UnixSocketAddress;
  VsockSocketAddress: VsockSocketAddress;
  SocketAddressLegacy: SocketAddressLegacy;
  SocketAddressLegacyKind: SocketAddressLegacyKind;
  SocketAddressType: SocketAddressType;
  SocketAddress: SocketAddress;
  SnapshotInfo: SnapshotInfo;
  ImageInfoSpecificQCow2EncryptionBase: ImageInfoSpecificQCow2EncryptionBase;
  ImageInfoSpecificQCow2Encryption: ImageInfoSpecificQCow2Encryption;
  ImageInfoSpecificQCow2: ImageInfoSpecificQCow2;
  ImageInfoSpecificVmdk: ImageInfoSpecificVmdk;
  ImageInfoSpecific: ImageInfoSpecific;
  ImageInfoSpecificKind: ImageInfoSpecificKind;
  ImageInfo: ImageInfo;
  ImageCheck: ImageCheck;
  MapEntry: MapEntry;
  BlockdevCacheInfo: BlockdevCacheInfo;
  BlockDeviceInfo: BlockDeviceInfo;
  BlockDeviceIoStatus: BlockDeviceIoStatus;
  BlockDeviceMapEntry: BlockDeviceMapEntry;
  DirtyBitmapStatus: DirtyBitmapStatus;
  BlockDirtyInfo: BlockDirtyInfo;
  BlockInfo: BlockInfo;
  BlockMeasureInfo: BlockMeasureInfo;
  BlockDeviceTimedStats: BlockDeviceTimedStats;
  BlockDeviceStats: BlockDeviceStats;
  BlockStats: BlockStats;
  BlockdevOnError: BlockdevOnError;
  MirrorSyncMode: MirrorSyncMode;
  BlockJobType: BlockJobType;
  BlockJobVerb: BlockJobVerb;
  BlockJobStatus: BlockJobStatus;
  BlockJobInfo: BlockJobInfo;
  NewImageMode: NewImageMode;
  BlockdevSnapshotSync: BlockdevSnapshotSync;
  BlockdevSnapshot: BlockdevSnapshot;
  DriveBackup: DriveBackup;
  BlockdevBackup: BlockdevBackup;
  DriveMirror: DriveMirror;
  BlockDirtyBitmap: BlockDirtyBitmap;
  BlockDirtyBitmapAdd: BlockDirtyBitmapAdd;
  BlockDirtyBitmapSha256: BlockDirtyBitmapSha256;
  BlockIOThrottle: BlockIOThrottle;
  ThrottleLimits: ThrottleLimits;
  BlockdevDiscardOptions: BlockdevDiscardOptions;
  BlockdevDetectZeroesOptions: BlockdevDetectZeroesOptions;
  BlockdevAioOptions: BlockdevAioOptions;
  BlockdevCacheOptions: BlockdevCacheOptions;
  BlockdevDriver: BlockdevDriver;
  BlockdevOptionsFile: BlockdevOptionsFile;
  BlockdevOptionsNull: BlockdevOptionsNull;
  BlockdevOptionsNVMe: BlockdevOptionsNVMe;
  BlockdevOptionsVVFAT: BlockdevOptionsVVFAT;
  BlockdevOptionsGenericFormat: BlockdevOptionsGenericFormat;
  BlockdevOptionsLUKS: BlockdevOptionsLUKS;
  BlockdevOptionsGenericCOWFormat: BlockdevOptionsGenericCOWFormat;
  Qcow2OverlapCheckMode: Qcow2OverlapCheckMode;
  Qcow2OverlapCheckFlags: Qcow2OverlapCheckFlags;
  Qcow2OverlapChecks: Qcow2OverlapChecks;
  BlockdevQcowEncryptionFormat: BlockdevQcowEncryptionFormat;
  BlockdevQcowEncryption: BlockdevQcowEncryption;
  BlockdevOptionsQcow: BlockdevOptionsQcow;
  BlockdevQcow2EncryptionFormat: BlockdevQcow2EncryptionFormat;
  BlockdevQcow2Encryption: BlockdevQcow2Encryption;
  BlockdevOptionsQcow2: BlockdevOptionsQcow2;
  SshHostKeyCheckMode: SshHostKeyCheckMode;
  SshHostKeyCheckHashType: SshHostKeyCheckHashType;
  SshHostKeyHash: SshHostKeyHash;
  SshHostKeyDummy: SshHostKeyDummy;
  SshHostKeyCheck: SshHostKeyCheck;
  BlockdevOptionsSsh: BlockdevOptionsSsh;
  BlkdebugEvent: BlkdebugEvent;
  BlkdebugInjectErrorOptions: BlkdebugInjectErrorOptions;
  BlkdebugSetStateOptions: BlkdebugSetStateOptions;
  BlockdevOptionsBlkdebug: BlockdevOptionsBlkdebug;
  BlockdevOptionsBlkverify: BlockdevOptionsBlkverify;
  QuorumReadPattern: QuorumReadPattern;
  BlockdevOptionsQuorum: BlockdevOptionsQuorum;
  BlockdevOptionsGluster: BlockdevOptionsGluster;
  IscsiTransport: IscsiTransport;
  IscsiHeaderDigest: IscsiHeaderDigest;
  BlockdevOptionsIscsi: BlockdevOptionsIscsi;
  BlockdevOptionsRbd: BlockdevOptionsRbd;
  BlockdevOptionsSheepdog: BlockdevOptionsSheepdog;
  ReplicationMode: ReplicationMode;
  BlockdevOptionsReplication: BlockdevOptionsReplication;
  NFSTransport: NFSTransport;
  NFSServer: NFSServer;
  BlockdevOptionsNfs: BlockdevOptionsNfs;
  BlockdevOptionsCurlBase: BlockdevOptionsCurlBase;
  BlockdevOptionsCurlHttp: BlockdevOptionsCurlHttp;
  BlockdevOptionsCurlHttps: BlockdevOptionsCurlHttps;
  BlockdevOptionsCurlFtp: BlockdevOptionsCurlFtp;
  BlockdevOptionsCurlFtps: BlockdevOptionsCurlFtps;
  BlockdevOptionsNbd: BlockdevOptionsNbd;
  BlockdevOptionsRaw: BlockdevOptionsRaw;
  BlockdevOptionsVxHS: BlockdevOptionsVxHS;
  BlockdevOptionsThrottle: BlockdevOptionsThrottle;
  BlockdevOptions: BlockdevOptions;
  BlockdevRef: BlockdevRef;
  BlockdevRefOrNull: BlockdevRefOrNull;
  BlockdevCreateOptionsFile: BlockdevCreateOptionsFile;
  BlockdevCreateOptionsGluster: BlockdevCreateOptionsGluster;
  BlockdevCreateOptionsNfs: BlockdevCreateOptionsNfs;
  BlockdevQcow2Version: BlockdevQcow2Version;
  BlockdevCreateOptionsQcow2: BlockdevCreateOptionsQcow2;
  BlockdevCreateOptionsRbd: BlockdevCreateOptionsRbd;
  SheepdogRedundancyType: SheepdogRedundancyType;
  SheepdogRedundancyFull: SheepdogRedundancyFull;
  SheepdogRedundancyErasureCoded: SheepdogRedundancyErasureCoded;
  SheepdogRedundancy: SheepdogRedundancy;
  BlockdevCreateOptionsSheepdog: BlockdevCreateOptionsSheepdog;
  BlockdevCreateOptionsSsh: BlockdevCreateOptionsSsh;
  BlockdevCreateNotSupported: BlockdevCreateNotSupported;
  BlockdevCreateOptions: BlockdevCreateOptions;
  BlockdevChangeReadOnlyMode: BlockdevChangeReadOnlyMode;
  BlockErrorAction: BlockErrorAction;
  PreallocMode: PreallocMode;
  BlockdevSnapshotInternal: BlockdevSnapshotInternal;
  NbdServerRemoveMode: NbdServerRemoveMode;
  Abort: Abort;
  ActionCompletionMode: ActionCompletionMode;
  TransactionAction: TransactionAction;
  TransactionActionKind: TransactionActionKind;
  TransactionProperties: TransactionProperties;
  QuorumOpType: QuorumOpType;
};
/**
 * A type that JSON has.
 */
export type SchemaInfoBuiltin = {
  'json-type': JSONType;
};
/**
 * An enumeration.
 */
export type SchemaInfoEnum = {
  values: string[];
};
/**
 * A list type.
 */
export type SchemaInfoArray = {
  'element-type': string;
};
/**
 * An object type.
 */
export type SchemaInfoObject = {
  members: SchemaInfoObjectMember[];
  tag?: string;
  variants?: SchemaInfoObjectVariant[];
};
/**
 * An alternate type.
 */
export type SchemaInfoAlternate = {
  members: SchemaInfoAlternateMember[];
};
/**
 * A command.
 */
export type SchemaInfoCommand = {
  'arg-type': string;
  'ret-type': string;
};
/**
 * An event.
 */
export type SchemaInfoEvent = {
  'arg-type': string;
};
/**
 * What the options of all formats share.
 */
export type QCryptoBlockOptionsBase = {
  format: QCryptoBlockFormat;
};
/**
 * Options of the qcow scheme.
 */
export type QCryptoBlockOptionsQCow = {
  'key-secret'?: string;
};
/**
 * Options for opening a LUKS volume.
 */
export type QCryptoBlockOptionsLUKS = {
  'key-secret'?: string;
};
/**
 * Options for making a LUKS volume.
 */
export type QCryptoBlockCreateOptionsLUKS = {
  'key-secret'?: string;
  'cipher-alg'?: QCryptoCipherAlgorithm;
  'cipher-mode'?: QCryptoCipherMode;
  'ivgen-alg'?: QCryptoIVGenAlgorithm;
  'ivgen-hash-alg'?: QCryptoHashAlgorithm;
  'hash-alg'?: QCryptoHashAlgorithm;
  'iter-time'?: Int;
};
/**
 * What all qcow2 encryption reports share.
 */
export type ImageInfoSpecificQCow2EncryptionBase = {
  format: BlockdevQcow2EncryptionFormat;
};
/**
 * Outcome of checking the consistency of an image.
 */
export type ImageCheck = {
  filename: string;
  format: string;
  'check-errors': Int;
  'image-end-offset'?: Int;
  corruptions?: Int;
  leaks?: Int;
  'corruptions-fixed'?: Int;
  'leaks-fixed'?: Int;
  'total-clusters'?: Int;
  'allocated-clusters'?: Int;
  'fragmented-clusters'?: Int;
  'compressed-clusters'?: Int;
};
/**
 * A run of guest bytes and where the host keeps it.
 */
export type MapEntry = {
  start: Int;
  length: Int;
  data: boolean;
  zero: boolean;
  depth: Int;
  offset?: Int;
  filename?: string;
};
/**
 * A run of guest bytes with one allocation state, as qemu-img map shows it.
 */
export type BlockDeviceMapEntry = {
  start: Int;
  length: Int;
  depth: Int;
  zero: boolean;
  data: boolean;
  offset?: Int;
};
/**
 * How large the file of a new image would get. Raw takes as much as the disk, sparse or not; compact formats may take less.
 */
export type BlockMeasureInfo = {
  required: Int;
  'fully-allocated': Int;
};
/**
 * Limits of a throttle group object. What is left out stays as it was; some only make sense together, so set them at once.
 */
export type ThrottleLimits = {
  'iops-total'?: Int;
  'iops-total-max'?: Int;
  'iops-total-max-length'?: Int;
  'iops-read'?: Int;
  'iops-read-max'?: Int;
  'iops-read-max-length'?: Int;
  'iops-write'?: Int;
  'iops-write-max'?: Int;
  'iops-write-max-length'?: Int;
  'bps-total'?: Int;
  'bps-total-max'?: Int;
  'bps-total-max-length'?: Int;
  'bps-read'?: Int;
  'bps-read-max'?: Int;
  'bps-read-max-length'?: Int;
  'bps-write'?: Int;
  'bps-write-max'?: Int;
  'bps-write-max-length'?: Int;
  'iops-size'?: Int;
};
/**
 * Options of file, host_device and host_cdrom.
 */
export type BlockdevOptionsFile = {
  filename: string;
  'pr-manager'?: string;
  locking?: OnOffAuto;
  aio?: BlockdevAioOptions;
};
/**
 * Options of null-co and null-aio.
 */
export type BlockdevOptionsNull = {
  size?: Int;
  'latency-ns'?: Uint64;
};
/**
 * Options of nvme.
 */
export type BlockdevOptionsNVMe = {
  device: string;
  namespace: Int;
};
/**
 * Options of vvfat.
 */
export type BlockdevOptionsVVFAT = {
  dir: string;
  'fat-type'?: Int;
  floppy?: boolean;
  label?: string;
  rw?: boolean;
};
/**
 * Options of a format that needs none but its data source.
 */
export type BlockdevOptionsGenericFormat = {
  file: BlockdevRef;
};
/**
 * Options of luks.
 */
export type BlockdevOptionsLUKS = {
  file: BlockdevRef;
  'key-secret'?: string;
};
/**
 * Options of a format that needs none but its data source and may have a backing image.
 */
export type BlockdevOptionsGenericCOWFormat = {
  file: BlockdevRef;
  backing?: BlockdevRefOrNull;
};
/**
 * Options of qcow.
 */
export type BlockdevOptionsQcow = {
  file: BlockdevRef;
  backing?: BlockdevRefOrNull;
  encrypt?: BlockdevQcowEncryption;
};
/**
 * Options of qcow2.
 */
export type BlockdevOptionsQcow2 = {
  file: BlockdevRef;
  backing?: BlockdevRefOrNull;
  'lazy-refcounts'?: boolean;
  'pass-discard-request'?: boolean;
  'pass-discard-snapshot'?: boolean;
  'pass-discard-other'?: boolean;
  'overlap-check'?: Qcow2OverlapChecks;
  'cache-size'?: Int;
  'l2-cache-size'?: Int;
  'l2-cache-entry-size'?: Int;
  'refcount-cache-size'?: Int;
  'cache-clean-interval'?: Int;
  encrypt?: BlockdevQcow2Encryption;
};
/**
 * Digest that a host key is to have.
 */
export type SshHostKeyHash = {
  type: SshHostKeyCheckHashType;
  hash: string;
};
/**
 * Options of blkdebug. A size of 0 means the default; any other has to be a multiple of both @align and the alignment of the child.
 */
export type BlockdevOptionsBlkdebug = {
  image: BlockdevRef;
  config?: string;
  align?: Int;
  'max-transfer'?: Int32;
  'opt-write-zero'?: Int32;
  'max-write-zero'?: Int32;
  'opt-discard'?: Int32;
  'max-discard'?: Int32;
  'inject-error'?: BlkdebugInjectErrorOptions[];
  'set-state'?: BlkdebugSetStateOptions[];
};
/**
 * Options of blkverify.
 */
export type BlockdevOptionsBlkverify = {
  test: BlockdevRef;
  raw: BlockdevRef;
};
/**
 * Options of quorum.
 */
export type BlockdevOptionsQuorum = {
  blkverify?: boolean;
  children: BlockdevRef[];
  'vote-threshold': Int;
  'rewrite-corrupted'?: boolean;
  'read-pattern'?: QuorumReadPattern;
};
/**
 * Options of iscsi.
 */
export type BlockdevOptionsIscsi = {
  transport: IscsiTransport;
  portal: string;
  target: string;
  lun?: Int;
  user?: string;
  'password-secret'?: string;
  'initiator-name'?: string;
  'header-digest'?: IscsiHeaderDigest;
  timeout?: Int;
};
/**
 * Options of replication.
 */
export type BlockdevOptionsReplication = {
  file: BlockdevRef;
  mode: ReplicationMode;
  'top-id'?: string;
};
/**
 * Options that http, https, ftp and ftps share.
 */
export type BlockdevOptionsCurlBase = {
  url: string;
  readahead?: Int;
  timeout?: Int;
  username?: string;
  'password-secret'?: string;
  'proxy-username'?: string;
  'proxy-password-secret'?: string;
};
/**
 * Options of http. The URL has that scheme.
 */
export type BlockdevOptionsCurlHttp = {
  url: string;
  readahead?: Int;
  timeout?: Int;
  username?: string;
  'password-secret'?: string;
  'proxy-username'?: string;
  'proxy-password-secret'?: string;
  cookie?: string;
  'cookie-secret'?: string;
};
/**
 * Options of https. The URL has that scheme.
 */
export type BlockdevOptionsCurlHttps = {
  url: string;
  readahead?: Int;
  timeout?: Int;
  username?: string;
  'password-secret'?: string;
  'proxy-username'?: string;
  'proxy-password-secret'?: string;
  cookie?: string;
  sslverify?: boolean;
  'cookie-secret'?: string;
};
/**
 * Options of ftp. The URL has that scheme.
 */
export type BlockdevOptionsCurlFtp = {
  url: string;
  readahead?: Int;
  timeout?: Int;
  username?: string;
  'password-secret'?: string;
  'proxy-username'?: string;
  'proxy-password-secret'?: string;
};
/**
 * Options of ftps. The URL has that scheme.
 */
export type BlockdevOptionsCurlFtps = {
  url: string;
  readahead?: Int;
  timeout?: Int;
  username?: string;
  'password-secret'?: string;
  'proxy-username'?: string;
  'proxy-password-secret'?: string;
  sslverify?: boolean;
};
/**
 * Options of nbd.
 */
export type BlockdevOptionsNbd = {
  server: SocketAddress;
  export?: string;
  'tls-creds'?: string;
};
/**
 * Options of raw.
 */
export type BlockdevOptionsRaw = {
  file: BlockdevRef;
  offset?: Int;
  size?: Int;
};
/**
 * Options of vxhs.
 */
export type BlockdevOptionsVxHS = {
  'vdisk-id': string;
  server: InetSocketAddressBase;
  'tls-creds'?: string;
};
/**
 * Options of throttle.
 */
export type BlockdevOptionsThrottle = {
  'throttle-group': string;
  file: BlockdevRef;
};
/**
 * What file needs for a new image.
 */
export type BlockdevCreateOptionsFile = {
  filename: string;
  size: Size;
  preallocation?: PreallocMode;
  nocow?: boolean;
};
/**
 * What gluster needs for a new image.
 */
export type BlockdevCreateOptionsGluster = {
  location: BlockdevOptionsGluster;
  size: Size;
  preallocation?: PreallocMode;
};
/**
 * What nfs needs for a new image.
 */
export type BlockdevCreateOptionsNfs = {
  location: BlockdevOptionsNfs;
  size: Size;
};
/**
 * What qcow2 needs for a new image.
 */
export type BlockdevCreateOptionsQcow2 = {
  file: BlockdevRef;
  size: Size;
  version?: BlockdevQcow2Version;
  'backing-file'?: string;
  'backing-fmt'?: BlockdevDriver;
  encrypt?: QCryptoBlockCreateOptions;
  'cluster-size'?: Size;
  preallocation?: PreallocMode;
  'lazy-refcounts'?: boolean;
  'refcount-bits'?: Int;
};
/**
 * What rbd needs for a new image.
 */
export type BlockdevCreateOptionsRbd = {
  location: BlockdevOptionsRbd;
  size: Size;
  'cluster-size'?: Size;
};
/**
 * Whole copies.
 */
export type SheepdogRedundancyFull = {
  copies: Int;
};
/**
 * Data and parity strips.
 */
export type SheepdogRedundancyErasureCoded = {
  'data-strips': Int;
  'parity-strips': Int;
};
/**
 * What sheepdog needs for a new image.
 */
export type BlockdevCreateOptionsSheepdog = {
  location: BlockdevOptionsSheepdog;
  size: Size;
  'backing-file'?: string;
  preallocation?: PreallocMode;
  redundancy?: SheepdogRedundancy;
  'object-size'?: Size;
};
/**
 * What ssh needs for a new image.
 */
export type BlockdevCreateOptionsSsh = {
  location: BlockdevOptionsSsh;
  size: Size;
};
