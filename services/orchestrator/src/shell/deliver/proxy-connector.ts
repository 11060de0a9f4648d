import { request } from 'node:http';
import { isIPv6 } from 'node:net';
import type { buildConnector } from 'undici';

/** The forward proxy failed: our own trouble, not the endpoint's. */
export class ProxyFault extends Error {
  override name = 'ProxyFault';
  readonly code = 'CAIRN_PROXY';
}

/**
 * Opens a tunnel through the proxy to the vetted address itself, so that the proxy looks no name up; TLS goes through the tunnel
 * under the target's own name.
 */
export function connectThroughProxy(
  proxy: string,
  address: string,
  direct: buildConnector.connector,
  connectMs: number,
): buildConnector.connector {
  const { hostname, port, username, password } = new URL(proxy);
  return (options, callback) => {
    const targetPort = options.port || (options.protocol === 'https:' ? '443' : '80');
    const target = `${isIPv6(address) ? `[${address}]` : address}:${targetPort}`;
    const credentials = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
    const asked = request({
      host: hostname,
      port: port === '' ? 80 : Number(port),
      method: 'CONNECT',
      path: target,
      timeout: connectMs,
      headers: {
        host: target,
        ...(username === '' ? {} : { 'proxy-authorization': `Basic ${Buffer.from(credentials).toString('base64')}` }),
      },
    });
    const fail = (message: string, cause?: unknown): void => {
      asked.destroy();
      callback(new ProxyFault(message, { cause }), null);
    };
    asked.once('timeout', () => asked.destroy(new Error('the proxy took too long')));
    asked.once('error', (error) => fail('the proxy cannot be reached', error));
    asked.once('response', (response) => {
      response.resume();
      fail(`the proxy answered ${response.statusCode}`);
    });
    asked.once('connect', (response, socket) => {
      if (response.statusCode !== 200) {
        socket.destroy();
        return fail(`the proxy answered ${response.statusCode}`);
      }
      asked.removeAllListeners('error').on('error', () => {});
      if (options.protocol === 'https:') direct({ ...options, httpSocket: socket }, callback);
      else callback(null, socket);
    });
    asked.end();
  };
}
