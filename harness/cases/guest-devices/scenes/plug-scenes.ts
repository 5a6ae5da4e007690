/** Devices that are added to a running machine, as QEMU 7.2 answered. */

/** Places on a SCSI bus, taken and free, up to the last one. */
export const scsiPlaces = `
add scsi-cd -> channel=0 scsi-id=0 lun=0
add scsi-cd -> channel=0 scsi-id=1 lun=0
add scsi-hd lun=3 -> channel=0 scsi-id=0 lun=3
add scsi-hd scsi-id=0 -> channel=0 scsi-id=0 lun=1
add scsi-hd scsi-id=0 -> channel=0 scsi-id=0 lun=2
add scsi-cd scsi-id=0 lun=1 -> refused
add scsi-cd scsi-id=0 lun=5 -> channel=0 scsi-id=0 lun=5
add scsi-cd scsi-id=255 -> channel=0 scsi-id=255 lun=0
add scsi-cd scsi-id=256 -> refused
add scsi-cd lun=16383 -> channel=0 scsi-id=0 lun=16383
add scsi-cd lun=16384 -> refused
add scsi-cd channel=1 -> refused
add scsi-cd channel=0 scsi-id=4 lun=4 -> channel=0 scsi-id=4 lun=4
del 2 -> gone
add scsi-cd -> channel=0 scsi-id=1 lun=0
del 4 -> gone
add scsi-cd scsi-id=0 -> channel=0 scsi-id=0 lun=1
add scsi-hd scsi-id=4294967295 -> channel=0 scsi-id=2 lun=0
add scsi-cd bus=small.0 scsi-id=7 -> channel=0 scsi-id=7 lun=0
add scsi-cd bus=small.0 scsi-id=8 -> refused
add scsi-cd bus=small.0 lun=1 -> refused
add scsi-cd bus=small.0 -> channel=0 scsi-id=0 lun=0
add scsi-cd bus=small.0 -> channel=0 scsi-id=1 lun=0
add scsi-cd bus=small.0 -> channel=0 scsi-id=2 lun=0
add scsi-cd bus=small.0 -> channel=0 scsi-id=3 lun=0
add scsi-cd bus=small.0 -> channel=0 scsi-id=4 lun=0
add scsi-cd bus=small.0 -> channel=0 scsi-id=5 lun=0
add scsi-cd bus=small.0 -> channel=0 scsi-id=6 lun=0
add scsi-cd bus=small.0 -> refused
add scsi-cd bus=small.0 -> refused
add scsi-cd bus=none.0 -> refused
add scsi-cd bus=pci.0 -> refused
add scsi-cd bus=ide.0 -> refused
`;

/** Places on the PCI bus until there are none. */
export const pciPlaces = `
add virtio-blk-pci addr=1f -> addr=248
add virtio-blk-pci addr="20" -> refused
add virtio-blk-pci addr="1" -> refused
add virtio-blk-pci addr="0" -> refused
add virtio-blk-pci addr=02 -> refused
add virtio-blk-pci addr="10.0" -> addr=128
add virtio-scsi-pci addr="10.0" -> refused
add virtio-scsi-pci addr="10.8" -> refused
add virtio-scsi-pci addr=x -> refused
add virtio-scsi-pci addr="-1" -> refused
add virtio-scsi-pci addr=0x11 -> addr=136
add lsi53c895a -> addr=40
add lsi53c895a -> addr=48
add lsi53c895a -> addr=56
add lsi53c895a -> addr=64
add lsi53c895a -> addr=72
add lsi53c895a -> addr=80
add lsi53c895a -> addr=88
add lsi53c895a -> addr=96
add lsi53c895a -> addr=104
add lsi53c895a -> addr=112
add lsi53c895a -> addr=120
add lsi53c895a -> addr=144
add lsi53c895a -> addr=152
add lsi53c895a -> addr=160
add lsi53c895a -> addr=168
add lsi53c895a -> addr=176
add lsi53c895a -> addr=184
add lsi53c895a -> addr=192
add lsi53c895a -> addr=200
add lsi53c895a -> addr=208
add lsi53c895a -> addr=216
add lsi53c895a -> addr=224
add lsi53c895a -> addr=232
add lsi53c895a -> addr=240
add lsi53c895a -> refused
add lsi53c895a -> refused
add lsi53c895a -> refused
add lsi53c895a -> refused
`;

/** Values of each type of property, at their bounds and beyond. */
export const values = `
add scsi-hd logical_block_size=512 physical_block_size=32768 -> channel=0 scsi-id=0 lun=0 logical_block_size=512 physical_block_size=32768
add scsi-hd logical_block_size=1024 physical_block_size=2048 -> channel=0 scsi-id=1 lun=0 logical_block_size=1024 physical_block_size=2048
add scsi-hd logical_block_size=256 -> refused
add scsi-hd physical_block_size=4194304 -> refused
add scsi-hd physical_block_size=1000 -> refused
add scsi-hd logical_block_size=1024 -> refused
add scsi-hd logical_block_size=1024 physical_block_size=1024 min_io_size=1024 -> channel=0 scsi-id=2 lun=0 logical_block_size=1024 physical_block_size=1024 min_io_size=1024
add scsi-hd logical_block_size=1024 physical_block_size=1024 min_io_size=512 -> refused
add scsi-hd logical_block_size=1024 physical_block_size=1024 opt_io_size=3072 -> channel=0 scsi-id=3 lun=0 logical_block_size=1024 physical_block_size=1024 opt_io_size=3072
add scsi-hd logical_block_size=1024 physical_block_size=1024 opt_io_size=1536 -> refused
add scsi-hd min_io_size=1023 -> refused
add scsi-hd opt_io_size=511 -> refused
add scsi-hd rotation_rate=65535 -> channel=0 scsi-id=4 lun=0 rotation_rate=65535
add scsi-hd rotation_rate=65536 -> refused
add scsi-hd rotation_rate=16 -> channel=0 scsi-id=5 lun=0 rotation_rate=16
add scsi-hd bootindex=0 -> channel=0 scsi-id=6 lun=0 bootindex=0
add scsi-hd bootindex=2147483647 -> channel=0 scsi-id=7 lun=0 bootindex=2147483647
add scsi-hd bootindex=2147483648 -> refused
add scsi-hd bootindex=-1 -> channel=0 scsi-id=8 lun=0 bootindex=-1
add scsi-hd wwn=5767434419187879696 port_wwn=17 port_index=3 -> channel=0 scsi-id=9 lun=0 wwn=5767434419187879696 port_wwn=17 port_index=3
add scsi-hd wwn=1.5 -> refused
add scsi-hd rerror=stop werror=enospc -> channel=0 scsi-id=10 lun=0 rerror="stop" werror="enospc"
add scsi-hd rerror=ignore werror=report -> channel=0 scsi-id=11 lun=0 rerror="ignore" werror="report"
add scsi-hd werror=ignore rerror=report -> channel=0 scsi-id=12 lun=0 werror="ignore" rerror="report"
add scsi-hd werror=stop rerror=auto -> channel=0 scsi-id=13 lun=0 werror="stop" rerror="auto"
add scsi-hd rerror=nothing -> refused
add scsi-hd removable=true dpofua=true share-rw=true -> channel=0 scsi-id=14 lun=0 removable=true dpofua=true share-rw=true
add scsi-hd removable=false dpofua=false share-rw=false -> channel=0 scsi-id=15 lun=0 removable=false dpofua=false share-rw=false
add scsi-hd removable=1 -> refused
add scsi-hd removable=true -> channel=0 scsi-id=16 lun=0 removable=true
add scsi-hd write-cache=on -> channel=0 scsi-id=17 lun=0 write-cache="on"
add scsi-hd write-cache=off -> channel=0 scsi-id=18 lun=0 write-cache="off"
add scsi-hd write-cache=auto -> channel=0 scsi-id=19 lun=0 write-cache="auto"
add scsi-hd write-cache=maybe -> refused
add scsi-hd serial=s1 ver=v vendor=ven product=prod device_id=dev -> channel=0 scsi-id=20 lun=0 serial="s1" ver="v" vendor="ven" product="prod" device_id="dev"
add scsi-hd discard_granularity=4096 -> channel=0 scsi-id=21 lun=0 discard_granularity=4096
add scsi-hd discard_granularity=4294967296 -> refused
add scsi-hd nothing=1 -> refused
add scsi-hd max_unmap_size=65536 max_io_size=4096 scsi_version=6 -> channel=0 scsi-id=22 lun=0 max_unmap_size=65536 max_io_size=4096 scsi_version=6
add scsi-hd scsi_version=7 -> channel=0 scsi-id=23 lun=0 scsi_version=7
add scsi-hd scsi_version=99 -> channel=0 scsi-id=24 lun=0 scsi_version=99
add scsi-hd cyls=11 heads=12 secs=13 -> channel=0 scsi-id=25 lun=0 cyls=11 heads=12 secs=13
add scsi-hd cyls=-1 -> refused
add usb-storage serial=u removable=true -> serial="u" removable=true
add usb-storage logical_block_size=1024 -> refused
add usb-storage logical_block_size=1024 physical_block_size=1024 -> logical_block_size=1024 physical_block_size=1024
add usb-storage lun=0 -> refused
`;

/** Further forms of values, and bounds from both sides; from `removable=n` on texts that stand for numbers and switches. */
export const forms = `
add scsi-cd drive= -> channel=0 scsi-id=0 lun=0 drive=""
add virtio-scsi-pci iothread= -> addr=40 iothread=""
add virtio-scsi-pci iothread=nothing -> refused
add lsi53c895a addr=1e.3 -> addr=243
add lsi53c895a addr=1d. -> refused
add lsi53c895a addr="1.1" -> refused
add lsi53c895a addr="6.0" romfile= rombar=0 -> addr=48 romfile="" rombar=0
add lsi53c895a -> addr=56
add lsi53c895a addr=1f.7 -> addr=255
add scsi-cd bus=scsi.0 bootindex=-2147483648 -> channel=0 scsi-id=1 lun=0 bootindex=-2147483648
add scsi-cd bus=scsi.0 bootindex=-2147483649 -> refused
add scsi-cd bus=scsi.0 wwn=18446744073709551615 -> channel=0 scsi-id=2 lun=0 wwn=18446744073709551615
add scsi-cd bus=scsi.0 wwn=18446744073709551616 -> refused
add scsi-hd bus=scsi.0 removable=n -> channel=0 scsi-id=3 lun=0 removable=false
add scsi-hd bus=scsi.0 removable=y -> channel=0 scsi-id=4 lun=0 removable=true
add scsi-hd bus=scsi.0 removable=on dpofua=yes share-rw="true" -> channel=0 scsi-id=5 lun=0 removable=true dpofua=true share-rw=true
add scsi-hd bus=scsi.0 removable=off dpofua=no share-rw="false" -> channel=0 scsi-id=6 lun=0 removable=false dpofua=false share-rw=false
add scsi-hd bus=scsi.0 removable="1" -> refused
add scsi-hd bus=scsi.0 share-rw=maybe -> refused
add scsi-cd bus=scsi.0 lun="3" scsi-id="0x14" -> channel=0 scsi-id=20 lun=3
add scsi-cd bus=scsi.0 bootindex=+5 -> channel=0 scsi-id=7 lun=0 bootindex=5
add scsi-cd bus=scsi.0 bootindex="6" -> channel=0 scsi-id=8 lun=0 bootindex=6
add scsi-cd bus=scsi.0 wwn=0x20000000000000 -> channel=0 scsi-id=9 lun=0 wwn=9007199254740992
add scsi-cd bus=scsi.0 wwn=0xAbC -> channel=0 scsi-id=10 lun=0 wwn=2748
add scsi-cd bus=scsi.0 wwn=x -> refused
add scsi-cd bus=scsi.0 wwn="1.5" -> refused
add scsi-hd bus=scsi.0 logical_block_size=x -> refused
add scsi-hd bus=scsi.0 logical_block_size=32k physical_block_size=32k -> channel=0 scsi-id=11 lun=0 logical_block_size=32768 physical_block_size=32768
add scsi-hd bus=scsi.0 rotation_rate=0x10 port_index=0xffff -> channel=0 scsi-id=12 lun=0 rotation_rate=16 port_index=65535
add scsi-hd bus=scsi.0 rotation_rate="65536" -> refused
add scsi-hd bus=scsi.0 scsi_version=0x7 -> channel=0 scsi-id=13 lun=0 scsi_version=7
add scsi-hd bus=scsi.0 cyls=1k -> refused
add scsi-hd bus=scsi.0 cyls= -> refused
add lsi53c895a addr="8.0" rombar=0x0 -> addr=64 rombar=0
`;

/** Geometries, blocks and queues that there can be, and that there cannot. */
export const formsThatCannotBe = `
add scsi-hd cyls=5 -> refused
add scsi-hd heads=4 -> refused
add scsi-hd secs=10 -> refused
add scsi-hd cyls=5 heads=4 -> refused
add scsi-hd cyls=0 heads=4 secs=10 -> refused
add scsi-hd cyls=5 heads=0 secs=10 -> refused
add scsi-hd cyls=5 heads=4 secs=0 -> refused
add scsi-hd cyls=65535 heads=255 secs=255 -> channel=0 scsi-id=0 lun=0 cyls=65535 heads=255 secs=255
add scsi-hd cyls=65536 heads=255 secs=255 -> refused
add scsi-hd cyls=65535 heads=256 secs=255 -> refused
add scsi-hd cyls=65535 heads=255 secs=256 -> refused
add scsi-hd cyls=0 heads=0 secs=0 -> channel=0 scsi-id=1 lun=0 cyls=2 heads=16 secs=63
add virtio-blk-pci cyls=5 -> refused
add virtio-blk-pci cyls=65535 heads=256 secs=255 -> refused
add virtio-blk-pci cyls=0 heads=0 secs=0 -> addr=40 cyls=2 heads=16 secs=63
add scsi-hd discard_granularity=513 -> refused
add scsi-hd discard_granularity=0 -> channel=0 scsi-id=2 lun=0 discard_granularity=0
add scsi-hd discard_granularity=4294967295 -> channel=0 scsi-id=3 lun=0 discard_granularity=4096
add scsi-hd logical_block_size=4096 physical_block_size=4096 discard_granularity=512 -> refused
add scsi-hd logical_block_size=8192 physical_block_size=8192 discard_granularity=4294967295 -> channel=0 scsi-id=4 lun=0 logical_block_size=8192 physical_block_size=8192 discard_granularity=8192
add scsi-cd discard_granularity=1000 -> refused
add virtio-blk-pci discard_granularity=1000 -> refused
add virtio-blk-pci num-queues=0 -> refused
add virtio-blk-pci num-queues=2 vectors=0 -> addr=48 num-queues=2 vectors=0
add virtio-scsi-pci num_queues=0 -> refused
add virtio-scsi-pci num_queues=1023 -> refused
add virtio-scsi-pci num_queues=3 -> addr=56 num_queues=3
add virtio-blk-pci scsi=on -> refused
add virtio-blk-pci disable-legacy=on disable-modern=on -> refused
add virtio-blk-pci disable-legacy=on -> addr=64 disable-legacy="on"
add virtio-blk-pci disable-legacy=auto -> addr=72 disable-legacy="off"
`;
