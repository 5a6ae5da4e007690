/** The drivers ftp and ftps: a node over a file of an FTP server. */
import type { JsonObject } from '../../../../spec/json.ts';
import type { CaseContext, CaseDefinition } from '../../case.ts';
import { openIo } from '../../helpers/node-io.ts';
import { type FtpPeer, startFtpPeer } from '../../helpers/peers/ftp-peer.ts';
import { KiB, nodeInfo } from '../../helpers/shared-setup.ts';
import { checkReadFails } from '../driver-guest.ts';
import {
  addRemote,
  checkHangsUp,
  checkHolds,
  remoteBytes,
  remoteNodes,
  remoteRefused,
  secrets,
  sectors,
} from './remote-nodes.ts';

const content = sectors(128 * KiB);

const at = ({ url }: Pick<FtpPeer, 'url'>, options: JsonObject = {}): JsonObject => ({
  driver: 'ftp',
  url,
  ...options,
});

export const ftpCases: readonly CaseDefinition[] = [
  {
    id: 'ftp/url',
    title: 'A node over a file of an FTP server has its size and its data, from wherever it is read',
    requirements: ['curl/url'],
    needs: remoteBytes('ftp'),
    async run(t: CaseContext) {
      const peer = await startFtpPeer(t, content);
      const node = await addRemote(t, at(peer, { readahead: 512 }));
      t.contains(await nodeInfo(t, node), { drv: 'ftp', ro: true }, 'the node must be of its driver');
      await checkHolds(t, node, content);
      t.check(peer.commands.includes('USER anonymous'), 'nobody in particular must ask', 'somebody does');
      await checkHolds(t, await addRemote(t, at({ url: `${peer.url};type=i` })), content);
    },
  },
  {
    id: 'ftp/no-length',
    title: 'An FTP server that does not tell how long its file is is refused',
    requirements: ['curl/length', 'blockdev-add/failure-leaves-nothing'],
    needs: remoteNodes('ftp'),
    async run(t: CaseContext) {
      const peer = await startFtpPeer(t, content);
      peer.size = '502 not here';
      await remoteRefused(t, at(peer));
      peer.size = undefined;
      await addRemote(t, at(peer));
    },
  },
  {
    id: 'ftp/line-breaks',
    title:
      'A URL with an end of a line in it, which would be one of a command, is refused; other codes mean their letters',
    requirements: ['curl/url', 'blockdev-add/failure-leaves-nothing'],
    needs: remoteNodes('ftp'),
    async run(t: CaseContext) {
      const peer = await startFtpPeer(t, content);
      for (const code of ['%0d', '%0A', '%0d%0aDELE%20disk.img'])
        await remoteRefused(t, at({ url: `${peer.url}${code}` }));
      t.check(!peer.commands.some((line) => line.startsWith('DELE')), 'no command must be sent', 'one is');
      await addRemote(t, at({ url: peer.url.replace('disk', '%64isk') }));
    },
  },
  {
    id: 'ftp/absent-file',
    title: 'A file that an FTP server lacks is refused, and so is a node that could be written',
    requirements: ['curl/url', 'curl/read-only', 'blockdev-add/failure-leaves-nothing'],
    needs: remoteNodes('ftp'),
    async run(t: CaseContext) {
      const peer = await startFtpPeer(t, content);
      await remoteRefused(t, at({ url: `${peer.url}.gone` }));
      await remoteRefused(t, at(peer, { 'read-only': false }), /does not support writes/);
      await addRemote(t, at(peer));
    },
  },
  {
    id: 'ftp/login',
    title: 'username and the password of a secret open a file of an FTP server; others do not',
    requirements: ['curl/username', 'curl/password-secret', 'blockdev-add/failure-leaves-nothing'],
    topology: secrets,
    needs: remoteNodes('ftp'),
    async run(t: CaseContext) {
      const peer = await startFtpPeer(t, content, { credentials: 'joe:sesame' });
      for (const options of [{}, { username: 'joe', 'password-secret': 'wrong' }])
        await remoteRefused(t, at(peer, options), /denied|login|530/i);
      await addRemote(t, at(peer, { username: 'joe', 'password-secret': 'pw' }));
      t.check(peer.commands.includes('USER joe'), 'the endpoint must say who asks', 'it does not');
    },
  },
  {
    id: 'ftp/hangs-up',
    title: 'No connection to an FTP server outlives a node that is refused or deleted',
    requirements: ['curl/url', 'blockdev-del/deletes'],
    needs: remoteBytes('ftp'),
    async run(t: CaseContext) {
      const peer = await startFtpPeer(t, content);
      await checkHangsUp(t, peer, { right: at(peer), wrong: at({ url: `${peer.url}.gone` }), content });
    },
  },
  {
    id: 'ftp/broken-off',
    title: 'A read that an FTP server breaks off fails; the next one is another matter',
    requirements: ['curl/read-errors'],
    needs: remoteBytes('ftp'),
    async run(t: CaseContext) {
      const peer = await startFtpPeer(t, content);
      const io = await openIo(t, await addRemote(t, at(peer, { readahead: 0 })), { writable: false });
      peer.breaksOff = true;
      await checkReadFails(t, io, [4096, 4096], 'that the server breaks off', 'EIO');
      peer.breaksOff = false;
      const got = await io.read(8192, 512);
      t.check(
        got.equals(content.subarray(8192, 8704)),
        'a read must give the data once the server does',
        'it gives something else',
      );
      await io.close();
    },
  },
  {
    id: 'ftps/url',
    title: 'A node over a file of an FTPS server has its size and its data',
    requirements: ['curl/url'],
    needs: remoteBytes('ftps'),
    async run(t: CaseContext) {
      const peer = await startFtpPeer(t, content, { tls: true });
      const node = await addRemote(t, { driver: 'ftps', url: peer.url, sslverify: false });
      await checkHolds(t, node, content);
    },
  },
  {
    id: 'ftps/sslverify',
    title: 'An FTPS server that nobody vouches for is refused, by default too, unless sslverify is false',
    requirements: ['ftps/sslverify', 'ftps/sslverify-default', 'blockdev-add/failure-leaves-nothing'],
    needs: remoteNodes('ftps'),
    async run(t: CaseContext) {
      const peer = await startFtpPeer(t, content, { tls: true });
      for (const options of [{}, { sslverify: true }])
        await remoteRefused(t, { driver: 'ftps', url: peer.url, ...options }, /certificate/i);
      t.equal(peer.commands.length, 0, 'the endpoint must ask nobody for a file whom it does not trust');
      await addRemote(t, { driver: 'ftps', url: peer.url, sslverify: false });
    },
  },
];
