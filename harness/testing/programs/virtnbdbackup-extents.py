"""What virtnbdbackup does without libvirt: its NBD client finds the extents of an export, and reads those that hold data."""
import sys

from libvirtnbdbackup import nbdcli
from libvirtnbdbackup.extenthandler import ExtentHandler

socket, export, copy = sys.argv[1:]
connection = nbdcli.Unix(export, '', socket)
client = nbdcli.client(connection).connect()
extents = ExtentHandler(client, connection).queryBlockStatus()
with open(copy, 'wb') as file:
    file.truncate(client.nbd.get_size())
    for extent in extents:
        if extent.data:
            file.seek(extent.offset)
            file.write(client.nbd.pread(extent.length, extent.offset))
client.disconnect()
print([(extent.data, extent.offset, extent.length) for extent in extents])
