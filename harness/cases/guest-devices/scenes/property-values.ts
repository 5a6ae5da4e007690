/** What QOM tells of the devices of `propertyMachine`, as QEMU 7.2 answered. */

/** Properties by their type. */
export const types = `
BiosAtaTranslation bios-chs-trans
BlockdevOnError rerror werror
FdcDriveType drive-type
OnOffAuto disable-legacy write-cache
bool any_layout ats config-wce disable-modern dpofua event_idx hotplug hotpluggable hotplugged indirect_desc ioeventfd iommu_platform migrate-extra modern-pio-notify msos-desc multifunction notify_on_empty page-per-vq param_change realized removable request-merging share-rw virtio-pci-bus-master-bug-migration
child<IDE> ahci.0 ahci.1 ahci.2 ahci.3 ahci.4 ahci.5
child<SCSI> lsi.0 scsi.0 scsi2.0 stick.0 stick2.0
child<floppy> fd fd2
child<ich9-ahci> ahci
child<ide-cd> idecd idecd2
child<ide-hd> ide ide2
child<lsi53c895a> lsi
child<piix3-usb-uhci> usb
child<scsi-cd> cd cd2 device[0]
child<scsi-hd> hd hd2
child<usb-bus> usb.0
child<usb-storage> stick stick2
child<virtio-blk-pci> vd vd2
child<virtio-rng-pci> device[1]
child<virtio-scsi-pci> scsi2
int32 addr bootindex scsi_version
link<bus> parent_bus
link<iothread> iothread
link<scsi-cd> child[3]
link<scsi-hd> child[2]
str device_id drive model port product romfile serial vendor ver
string type
uint16 num-queues port_index queue-size rotation_rate
uint32 channel cmd_per_lun cyls heads lun max_sectors maxframes num_queues rombar scsi-id secs unit vectors
uint64 max_io_size max_unmap_size port_wwn wwn
`;

/** Values of properties by their device. */
export const values = `
/machine/peripheral ahci="/machine/peripheral/ahci" cd="/machine/peripheral/cd" cd2="/machine/peripheral/cd2" fd="/machine/peripheral/fd" fd2="/machine/peripheral/fd2" hd="/machine/peripheral/hd" hd2="/machine/peripheral/hd2" ide="/machine/peripheral/ide" ide2="/machine/peripheral/ide2" idecd="/machine/peripheral/idecd" idecd2="/machine/peripheral/idecd2" lsi="/machine/peripheral/lsi" scsi="/machine/peripheral/scsi" scsi2="/machine/peripheral/scsi2" stick="/machine/peripheral/stick" stick2="/machine/peripheral/stick2" type="container" usb="/machine/peripheral/usb" vd="/machine/peripheral/vd" vd2="/machine/peripheral/vd2"
/machine/peripheral/scsi addr=16 any_layout=true ats=false cmd_per_lun=128 disable-legacy="off" disable-modern=false event_idx=true hotplug=true hotpluggable=true hotplugged=false indirect_desc=true ioeventfd=true iommu_platform=false iothread="" max_sectors=65535 migrate-extra=true modern-pio-notify=false multifunction=false notify_on_empty=true num_queues=1 page-per-vq=false param_change=true parent_bus="/machine/i440fx/pci.0" realized=true rombar=1 romfile="" type="virtio-scsi-pci" vectors=4 virtio-backend="/machine/peripheral/scsi/virtio-backend" virtio-pci-bus-master-bug-migration=false
/machine/peripheral/scsi/virtio-backend any_layout=true cmd_per_lun=128 event_idx=true hotplug=true hotpluggable=false hotplugged=false indirect_desc=true iommu_platform=false iothread="" max_sectors=65535 notify_on_empty=true num_queues=1 param_change=true parent_bus="/machine/peripheral/scsi/virtio-bus" realized=true scsi.0="/machine/peripheral/scsi/virtio-backend/scsi.0" type="virtio-scsi-device"
/machine/peripheral/scsi/virtio-backend/scsi.0 child[0]="/machine/peripheral/hd" child[1]="/machine/peripheral/cd" child[2]="/machine/peripheral/hd2" child[3]="/machine/peripheral/cd2" type="SCSI"
/machine/peripheral/ide bios-chs-trans="none" bootindex=-1 cyls=2 discard_granularity=512 drive="n8" heads=16 hotpluggable=false hotplugged=false logical_block_size=512 min_io_size=0 model="" opt_io_size=0 parent_bus="/machine/unattached/device[17]/ide.0" physical_block_size=512 realized=true rerror="auto" rotation_rate=0 secs=63 serial="QM00001" share-rw=false type="ide-hd" unit=0 ver="2.5+" werror="auto" write-cache="auto" wwn=0
/machine/peripheral/hd bootindex=-1 channel=0 cyls=2 device_id="" discard_granularity=4096 dpofua=false drive="n4" heads=16 hotpluggable=true hotplugged=false logical_block_size=512 lun=0 max_io_size=2147483647 max_unmap_size=1073741824 min_io_size=0 opt_io_size=0 parent_bus="/machine/peripheral/scsi/virtio-backend/scsi.0" physical_block_size=512 port_index=0 port_wwn=0 realized=true removable=false rerror="auto" rotation_rate=0 scsi-id=0 scsi_version=5 secs=63 serial="" share-rw=false type="scsi-hd" vendor="QEMU" ver="2.5+" werror="auto" write-cache="auto" wwn=0
/machine/peripheral/idecd2 bootindex=39 discard_granularity=512 drive="" hotpluggable=false hotplugged=false logical_block_size=512 min_io_size=0 model="p" opt_io_size=0 parent_bus="/machine/unattached/device[17]/ide.1" physical_block_size=512 realized=true rerror="enospc" serial="o" share-rw=false type="ide-cd" unit=1 ver="n" werror="stop" write-cache="auto" wwn=38
/machine/peripheral/vd addr=24 any_layout=true ats=false bootindex=-1 config-wce=true cyls=2 disable-legacy="off" disable-modern=false discard_granularity=4294967295 drive="n2" event_idx=true heads=16 hotpluggable=true hotplugged=false indirect_desc=true ioeventfd=true iommu_platform=false iothread="" logical_block_size=512 migrate-extra=true min_io_size=0 modern-pio-notify=false multifunction=false notify_on_empty=true num-queues=1 opt_io_size=0 page-per-vq=false parent_bus="/machine/i440fx/pci.0" physical_block_size=512 realized=true request-merging=true rerror="auto" rombar=1 romfile="" scsi=false secs=63 serial="" share-rw=false type="virtio-blk-pci" vectors=2 virtio-backend="/machine/peripheral/vd/virtio-backend" virtio-pci-bus-master-bug-migration=false werror="auto" write-cache="auto"
/machine/peripheral/vd/virtio-backend any_layout=true bootindex=-1 config-wce=true cyls=2 discard_granularity=4294967295 drive="n2" event_idx=true heads=16 hotpluggable=false hotplugged=false indirect_desc=true iommu_platform=false iothread="" logical_block_size=512 min_io_size=0 notify_on_empty=true num-queues=1 opt_io_size=0 parent_bus="/machine/peripheral/vd/virtio-bus" physical_block_size=512 realized=true request-merging=true rerror="auto" scsi=false secs=63 serial="" share-rw=false type="virtio-blk-device" werror="auto" write-cache="auto"
/machine/peripheral/lsi addr=48 hotpluggable=true hotplugged=false lsi.0="/machine/peripheral/lsi/lsi.0" multifunction=false parent_bus="/machine/i440fx/pci.0" realized=true rombar=1 romfile="" type="lsi53c895a"
/machine/peripheral/lsi/lsi.0 child[0]="/machine/peripheral-anon/device[0]" type="SCSI"
/machine/peripheral/ahci addr=56 ahci.0="/machine/peripheral/ahci/ahci.0" ahci.1="/machine/peripheral/ahci/ahci.1" ahci.2="/machine/peripheral/ahci/ahci.2" ahci.3="/machine/peripheral/ahci/ahci.3" ahci.4="/machine/peripheral/ahci/ahci.4" ahci.5="/machine/peripheral/ahci/ahci.5" hotpluggable=true hotplugged=false multifunction=false parent_bus="/machine/i440fx/pci.0" realized=true rombar=1 romfile="" type="ich9-ahci"
/machine/peripheral/ahci/ahci.1 type="IDE"
/machine/peripheral/ahci/ahci.3 type="IDE"
/machine/peripheral/ahci/ahci.0 type="IDE"
/machine/peripheral/ahci/ahci.5 type="IDE"
/machine/peripheral/ahci/ahci.2 type="IDE"
/machine/peripheral/ahci/ahci.4 type="IDE"
/machine/peripheral/fd2 discard_granularity=4294967295 drive="" drive-type="288" hotpluggable=false hotplugged=false logical_block_size=512 min_io_size=0 opt_io_size=0 parent_bus="/machine/unattached/device[12]/floppy-bus.0" physical_block_size=512 realized=true share-rw=false type="floppy" unit=1 write-cache="on"
/machine/peripheral/usb addr=40 hotpluggable=true hotplugged=false maxframes=128 multifunction=false parent_bus="/machine/i440fx/pci.0" realized=true rombar=1 romfile="" type="piix3-usb-uhci" usb.0="/machine/peripheral/usb/usb.0"
/machine/peripheral/usb/usb.0 child[0]="/machine/peripheral/stick" child[1]="/machine/peripheral/stick2" type="usb-bus"
/machine/peripheral/ide2 bios-chs-trans="lba" bootindex=37 cyls=33 discard_granularity=512 drive="n9" heads=16 hotpluggable=false hotplugged=false logical_block_size=512 min_io_size=0 model="m" opt_io_size=0 parent_bus="/machine/unattached/device[17]/ide.0" physical_block_size=512 realized=true rerror="ignore" rotation_rate=36 secs=35 serial="l" share-rw=true type="ide-hd" unit=1 ver="k" werror="enospc" write-cache="off" wwn=32
/machine/peripheral/fd discard_granularity=4294967295 drive-type="288" drive="" hotpluggable=false hotplugged=false logical_block_size=512 min_io_size=0 opt_io_size=0 parent_bus="/machine/unattached/device[12]/floppy-bus.0" physical_block_size=512 realized=true share-rw=false type="floppy" unit=0 write-cache="auto"
/machine/peripheral/hd2 bootindex=21 channel=0 cyls=18 device_id="e" discard_granularity=8192 dpofua=true drive="n6" heads=19 hotpluggable=true hotplugged=false logical_block_size=1024 lun=13 max_io_size=23552 max_unmap_size=22528 min_io_size=5120 opt_io_size=6144 parent_bus="/machine/peripheral/scsi/virtio-backend/scsi.0" physical_block_size=4096 port_index=16 port_wwn=15 product="d" realized=true removable=true rerror="report" rotation_rate=17 scsi-id=12 scsi_version=6 secs=20 serial="b" share-rw=true type="scsi-hd" vendor="c" ver="a" werror="stop" write-cache="on" wwn=14
/machine/peripheral/vd2 addr=32 any_layout=true ats=true bootindex=11 config-wce=false cyls=8 disable-legacy="on" disable-modern=false discard_granularity=8192 drive="n3" event_idx=true heads=9 hotpluggable=true hotplugged=false indirect_desc=true ioeventfd=true iommu_platform=true iothread="/objects/io0" logical_block_size=1024 migrate-extra=false min_io_size=3072 modern-pio-notify=true multifunction=false notify_on_empty=true num-queues=6 opt_io_size=4096 page-per-vq=true parent_bus="/machine/i440fx/pci.0" physical_block_size=2048 queue-size=64 realized=true request-merging=false rerror="stop" rombar=1 romfile="" scsi=false secs=10 serial="s7" share-rw=true type="virtio-blk-pci" vectors=7 virtio-backend="/machine/peripheral/vd2/virtio-backend" virtio-pci-bus-master-bug-migration=false werror="ignore" write-cache="off"
/machine/peripheral/vd2/virtio-backend any_layout=true bootindex=11 config-wce=false cyls=8 discard_granularity=8192 drive="n3" event_idx=true heads=9 hotpluggable=false hotplugged=false indirect_desc=true iommu_platform=true iothread="/objects/io0" logical_block_size=1024 min_io_size=3072 notify_on_empty=true num-queues=6 opt_io_size=4096 parent_bus="/machine/peripheral/vd2/virtio-bus" physical_block_size=2048 queue-size=64 realized=true request-merging=false rerror="stop" scsi=false secs=10 serial="s7" share-rw=true type="virtio-blk-device" werror="ignore" write-cache="off"
/machine/peripheral/stick2 bootindex=40 discard_granularity=4294967295 drive="" hotpluggable=true hotplugged=false logical_block_size=512 min_io_size=0 msos-desc=true opt_io_size=0 parent_bus="/machine/peripheral/usb/usb.0" physical_block_size=512 port="" realized=true removable=true rerror="stop" serial="q" share-rw=true stick2.0="/machine/peripheral/stick2/stick2.0" type="usb-storage" werror="stop" write-cache="on"
/machine/peripheral/stick2/stick2.0/legacy[0] bootindex=40 channel=0 cyls=2 device_id="q" discard_granularity=4096 dpofua=false drive="n16" heads=16 hotplugged=false logical_block_size=512 lun=0 max_io_size=2147483647 max_unmap_size=1073741824 min_io_size=0 opt_io_size=0 parent_bus="/machine/peripheral/stick2/stick2.0" physical_block_size=512 port_index=0 port_wwn=0 realized=true removable=true rerror="stop" rotation_rate=0 scsi-id=0 scsi_version=5 secs=63 serial="q" share-rw=true vendor="QEMU" ver="2.5+" werror="stop" write-cache="auto" wwn=0
/machine/peripheral/stick2/stick2.0 child[0]="/machine/peripheral/stick2/stick2.0/legacy[0]" type="SCSI"
/machine/peripheral/cd2 bootindex=29 channel=0 device_id="j" discard_granularity=4096 drive="" hotpluggable=true hotplugged=false logical_block_size=512 lun=25 max_io_size=31744 min_io_size=0 opt_io_size=0 parent_bus="/machine/peripheral/scsi/virtio-backend/scsi.0" physical_block_size=512 port_index=28 port_wwn=27 product="i" realized=true rerror="stop" scsi-id=24 scsi_version=4 serial="g" share-rw=false type="scsi-cd" vendor="h" ver="f" werror="report" write-cache="auto" wwn=26
/machine/peripheral/cd bootindex=-1 channel=0 device_id="" discard_granularity=4096 drive="" hotpluggable=true hotplugged=false logical_block_size=512 lun=0 max_io_size=2147483647 min_io_size=0 opt_io_size=0 parent_bus="/machine/peripheral/scsi/virtio-backend/scsi.0" physical_block_size=512 port_index=0 port_wwn=0 realized=true rerror="auto" scsi-id=1 scsi_version=5 serial="" share-rw=false type="scsi-cd" vendor="QEMU" ver="2.5+" werror="auto" write-cache="auto" wwn=0
/machine/peripheral/scsi2 addr=72 any_layout=false ats=false cmd_per_lun=5 disable-legacy="off" disable-modern=false event_idx=false hotplug=false hotpluggable=true hotplugged=false indirect_desc=false ioeventfd=true iommu_platform=false iothread="/objects/io0" max_sectors=4 migrate-extra=true modern-pio-notify=false multifunction=true notify_on_empty=false num_queues=3 page-per-vq=false param_change=false parent_bus="/machine/i440fx/pci.0" realized=true rombar=0 romfile="" type="virtio-scsi-pci" vectors=2 virtio-backend="/machine/peripheral/scsi2/virtio-backend" virtio-pci-bus-master-bug-migration=false
/machine/peripheral/scsi2/virtio-backend any_layout=false cmd_per_lun=5 event_idx=false hotplug=false hotpluggable=false hotplugged=false indirect_desc=false iommu_platform=false iothread="/objects/io0" max_sectors=4 notify_on_empty=false num_queues=3 param_change=false parent_bus="/machine/peripheral/scsi2/virtio-bus" realized=true scsi2.0="/machine/peripheral/scsi2/virtio-backend/scsi2.0" type="virtio-scsi-device"
/machine/peripheral/scsi2/virtio-backend/scsi2.0 type="SCSI"
/machine/peripheral/stick bootindex=-1 discard_granularity=4294967295 drive="" hotpluggable=true hotplugged=false logical_block_size=512 min_io_size=0 msos-desc=true opt_io_size=0 parent_bus="/machine/peripheral/usb/usb.0" physical_block_size=512 port="" realized=true removable=false rerror="auto" serial="" share-rw=false stick.0="/machine/peripheral/stick/stick.0" type="usb-storage" werror="auto" write-cache="auto"
/machine/peripheral/stick/stick.0/legacy[0] bootindex=-1 channel=0 device_id="" dpofua=false drive="n15" hotplugged=false logical_block_size=512 lun=0 max_io_size=2147483647 max_unmap_size=1073741824 min_io_size=0 opt_io_size=0 parent_bus="/machine/peripheral/stick/stick.0" physical_block_size=512 port_index=0 port_wwn=0 realized=true removable=false rerror="auto" rotation_rate=0 scsi-id=0 scsi_version=5 serial="" share-rw=false werror="auto" write-cache="auto" wwn=0
/machine/peripheral/stick/stick.0 child[0]="/machine/peripheral/stick/stick.0/legacy[0]" type="SCSI"
/machine/peripheral/idecd bootindex=-1 discard_granularity=512 drive="" hotpluggable=false hotplugged=false logical_block_size=512 min_io_size=0 model="" opt_io_size=0 parent_bus="/machine/unattached/device[17]/ide.1" physical_block_size=512 realized=true rerror="auto" serial="QM00003" share-rw=false type="ide-cd" unit=0 ver="2.5+" werror="auto" write-cache="auto" wwn=0
/machine/peripheral-anon device[0]="/machine/peripheral-anon/device[0]" device[1]="/machine/peripheral-anon/device[1]" type="container"
/machine/peripheral-anon/device[0] bootindex=-1 channel=0 device_id="" drive="" hotpluggable=true hotplugged=false logical_block_size=512 lun=0 max_io_size=2147483647 min_io_size=0 opt_io_size=0 parent_bus="/machine/peripheral/lsi/lsi.0" physical_block_size=512 port_index=0 port_wwn=0 realized=true rerror="auto" scsi-id=0 scsi_version=5 serial="" share-rw=false type="scsi-cd" werror="auto" write-cache="auto" wwn=0
/machine/peripheral-anon/device[1] hotpluggable=true hotplugged=false parent_bus="/machine/i440fx/pci.0" realized=true type="virtio-rng-pci"
`;
