/** Real servers of files, started for one test on the loopback address: nginx and vsftpd, and certificates for them. */
import type { ChildProcess } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { run, startServer } from './external-programs.ts';
import { listening } from './scripted-file-servers.ts';

export interface FileServer {
  readonly process: ChildProcess;
  readonly port: number;
}

/** PEM files, by their paths. */
export interface ServerCertificate {
  readonly authority: string;
  readonly certificate: string;
  readonly key: string;
}

const HOST = '127.0.0.1';

/** A port where nobody listens. */
async function freePort(): Promise<number> {
  const server = await listening(createServer());
  await server.stop();
  return server.port;
}

/** An authority, and a certificate for the loopback address that it has signed. */
export async function serverCertificate(folder: string): Promise<ServerCertificate> {
  const at = (name: string): string => join(folder, name);
  const made = (name: string, ...more: readonly string[]): Promise<string> => {
    const key = [
      '-newkey',
      'ec',
      '-pkeyopt',
      'ec_paramgen_curve:prime256v1',
      '-noenc',
      '-keyout',
      at(`${name}-key.pem`),
    ];
    return run('openssl', 'req', '-x509', ...key, '-subj', `/CN=${name}`, '-out', at(`${name}.pem`), ...more);
  };
  await made('authority');
  const signed = ['-CA', at('authority.pem'), '-CAkey', at('authority-key.pem')];
  await made('server', ...signed, '-addext', 'subjectAltName=IP:127.0.0.1');
  return { authority: at('authority.pem'), certificate: at('server.pem'), key: at('server-key.pem') };
}

/** Shows the folder by nginx; `rules` are more lines of its `server` block. */
export async function startNginx(folder: string, rules = '', tls?: ServerCertificate): Promise<FileServer> {
  const port = await freePort();
  const scratch = join(folder, `nginx-${port}`);
  await mkdir(scratch);
  const secure =
    tls === undefined ? '' : `ssl_certificate ${tls.certificate}; ssl_certificate_key ${tls.key};`;
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
    .map((what) => `${what}_temp_path ${scratch};`)
    .join(' ');
  await writeFile(
    join(scratch, 'nginx.conf'),
    `daemon off; master_process off; pid ${scratch}/pid; error_log stderr;
     ${process.getuid?.() === 0 ? 'user root;' : ''}
     events { }
     http { access_log off; ${temporary}
       server { listen 127.0.0.1:${port}${tls === undefined ? '' : ' ssl'}; root ${folder}; ${secure} ${rules} } }`,
  );
  const child = await startServer(
    { port, host: HOST },
    'nginx',
    '-p',
    scratch,
    '-c',
    join(scratch, 'nginx.conf'),
    '-e',
    'stderr',
  );
  return { process: child, port };
}

/** Shows the folder to everybody by vsftpd; over TLS from the first byte on, if there is a certificate. */
export async function startVsftpd(folder: string, tls?: ServerCertificate): Promise<FileServer> {
  const port = await freePort();
  const secure =
    tls === undefined
      ? {}
      : {
          ssl_enable: 'YES',
          implicit_ssl: 'YES',
          allow_anon_ssl: 'YES',
          force_anon_data_ssl: 'YES',
          force_anon_logins_ssl: 'YES',
          ssl_ciphers: 'HIGH',
          rsa_cert_file: tls.certificate,
          rsa_private_key_file: tls.key,
        };
  const options = {
    listen: 'YES',
    listen_address: '127.0.0.1',
    listen_port: String(port),
    background: 'NO',
    run_as_launching_user: 'YES',
    seccomp_sandbox: 'NO',
    anonymous_enable: 'YES',
    anon_root: folder,
    secure_chroot_dir: folder,
    ...secure,
  };
  const file = join(folder, `vsftpd-${port}.conf`);
  const lines = Object.entries(options).map(([name, value]) => `${name}=${value}\n`);
  await writeFile(file, lines.join(''));
  return { process: await startServer({ port, host: HOST }, 'vsftpd', file), port };
}
