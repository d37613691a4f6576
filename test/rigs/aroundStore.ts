/** A store that calls back around each request to it. */

import type { ListOptions, ObjectStore } from '../../src/store/objectStore.ts';

/** `before` may refuse a request by throwing. */
export function aroundStore(
  store: ObjectStore,
  before: (request: keyof ObjectStore, key: string) => void,
  after: (request: keyof ObjectStore) => void = () => undefined,
): ObjectStore {
  const asked = async <T>(request: keyof ObjectStore, key: string, answer: () => Promise<T>): Promise<T> => {
    before(request, key);
    const answered = await answer();
    after(request);
    return answered;
  };
  return {
    url: store.url,
    async *list(listOptions?: ListOptions) {
      before('list', '');
      yield* store.list(listOptions);
      after('list');
    },
    listFolders: (...call) => asked('listFolders', '', () => store.listFolders(...call)),
    head: (...call) => asked('head', call[0], () => store.head(...call)),
    get: (...call) => asked('get', call[0], () => store.get(...call)),
    put: (...call) => asked('put', call[0], () => store.put(...call)),
    delete: (...call) => asked('delete', call[0], () => store.delete(...call)),
    close: () => store.close(),
  };
}
