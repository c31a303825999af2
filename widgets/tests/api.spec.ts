// @vitest-environment jsdom
import { ServerConnection } from '@jupyterlab/services';
import { describe, expect, it } from 'vitest';
import { Api, ApiError } from '../src/api';

function apiThat(answer: () => Response): { api: Api; urls: string[] } {
  const urls: string[] = [];
  const settings = ServerConnection.makeSettings({
    baseUrl: 'http://host/user/alice/',
    token: 'secret',
    fetch: (request: RequestInfo | URL) => {
      urls.push(request instanceof Request ? request.url : String(request));
      return Promise.resolve(answer());
    }
  });
  return { api: new Api(settings), urls };
}

function json(body: unknown, status = 200): Response {
  return new Response(JSON.stringify(body), { status });
}

async function failure(promise: Promise<unknown>): Promise<ApiError> {
  try {
    await promise;
  } catch (error) {
    return error as ApiError;
  }
  throw new Error('It did not fail.');
}

describe('Api', () => {
  it('asks below base_url and quotes what it asks for', async () => {
    const { api, urls } = apiThat(() => json({ name: 'x' }));
    await api.slide({ path: 'a b/ü&.svs' });
    expect(urls[0]).toContain('http://host/user/alice/wsinb/api/slide?path=a+b%2F%C3%BC%26.svs');
    expect(api.headers).toEqual({ Authorization: 'token secret' });
  });

  it('shows the sentence of the server', async () => {
    const answer = { error: 'x.svs is not a slide.', kind: 'UnreadableSlide' };
    const error = await failure(apiThat(() => json(answer, 415)).api.slide({ path: 'x.svs' }));
    expect(error).toMatchObject({ message: answer.error, status: 415, kind: 'UnreadableSlide' });
  });

  it('says when the server extension is missing', async () => {
    const page = (): Response => new Response('<html>404</html>', { status: 404 });
    const error = await failure(apiThat(page).api.slide({ path: 'x.svs' }));
    expect(error.message).toContain('jupyter server extension enable wsinb');
  });

  it('says when the login is over', async () => {
    const page = (): Response => new Response('<html>403</html>', { status: 403 });
    const error = await failure(apiThat(page).api.slide({ path: 'x.svs' }));
    expect(error.message).toContain('log in again');
  });

  it('says when the server is gone', async () => {
    const gone = (): Response => {
      throw new TypeError('network');
    };
    const error = await failure(apiThat(gone).api.slide({ path: 'x.svs' }));
    expect(error.message).toContain('does not answer');
  });

  it('refuses another protocol', async () => {
    const error = await failure(apiThat(() => json({ version: '9', protocol: 2 })).api.checkProtocol());
    expect(error.message).toContain('restart the server');
    await apiThat(() => json({ version: '0.1.0', protocol: 1 })).api.checkProtocol();
  });
});
