"""A client of QMP over asyncio: one connection, many commands at once, events in a queue. Mirrors a disk and follows it."""
import asyncio
import itertools
import json
import os
import sys

SIZE = 1 << 20


class Client:
    """Sends commands without waiting for one another's replies."""

    def __init__(self):
        self.events = asyncio.Queue()
        self._ids = itertools.count()
        self._waiting = {}

    async def connect(self, path):
        while True:
            try:
                self._reader, self._writer = await asyncio.open_unix_connection(path, limit=1 << 24)
                break
            except OSError:
                await asyncio.sleep(0.01)
        greeting = json.loads(await self._reader.readline())
        assert 'QMP' in greeting, greeting
        self._listening = asyncio.create_task(self._listen())
        await self.ask('qmp_capabilities')

    async def _listen(self):
        while line := await self._reader.readline():
            message = json.loads(line)
            if 'event' in message:
                self.events.put_nowait(message)
            else:
                self._waiting.pop(message['id']).set_result(message)

    async def ask(self, command, **arguments):
        number = next(self._ids)
        future = self._waiting[number] = asyncio.get_running_loop().create_future()
        text = {'execute': command, 'id': number, 'arguments': {k.replace('_', '-'): v for k, v in arguments.items()}}
        self._writer.write(json.dumps(text).encode() + b'\n')
        await self._writer.drain()
        reply = await future
        if 'error' in reply:
            raise RuntimeError(reply['error']['desc'])
        return reply['return']

    async def event(self, name):
        while True:
            message = await asyncio.wait_for(self.events.get(), 30)
            if message['event'] == name:
                return message['data']

    async def close(self):
        try:
            await self._listening
        except ConnectionResetError:
            pass  # it ended before all that it was sent had been read
        self._writer.close()


async def main(program, folder):
    os.chdir(folder)
    for name in ('source', 'target'):
        with open(name, 'wb') as file:
            file.truncate(SIZE)
    with open('source', 'r+b') as file:
        file.write(b'\x5a' * 4096)
    endpoint = await asyncio.create_subprocess_exec(
        program, '-machine', 'none', '-nodefaults', '-S', '-display', 'none',
        '-chardev', 'socket,id=qmp,path=qmp,server=on,wait=off', '-mon', 'chardev=qmp,mode=control')
    client = Client()
    await client.connect('qmp')
    await asyncio.gather(*(
        client.ask('blockdev-add', driver='raw', node_name=name, file={'driver': 'file', 'filename': name})
        for name in ('source', 'target')))
    versions = await asyncio.gather(*(client.ask('query-version') for _ in range(100)))
    assert len({json.dumps(one, sort_keys=True) for one in versions}) == 1
    try:
        await client.ask('blockdev-del', node_name='nobody')
        raise AssertionError('a node that is not there was deleted')
    except RuntimeError:
        pass
    await client.ask('blockdev-mirror', job_id='job', device='source', target='target', sync='full')
    assert (await client.event('BLOCK_JOB_READY'))['device'] == 'job'
    await client.ask('block-job-complete', device='job')
    done = await client.event('BLOCK_JOB_COMPLETED')
    assert done['offset'] == done['len'] == SIZE, done
    await client.ask('quit')
    await client.close()
    assert await endpoint.wait() == 0
    with open('source', 'rb') as one, open('target', 'rb') as other:
        assert one.read() == other.read()
    print('all is well')


asyncio.run(main(*sys.argv[1:]))
