// One small database of this browser: its key, and the receipts it was given.

const stores = ["key", "receipts", "pending", "checked"] as const;
type Store = (typeof stores)[number];

let opened: Promise<IDBDatabase> | undefined;

function open(): Promise<IDBDatabase> {
  opened ??= new Promise((resolve, reject) => {
    const r = indexedDB.open("9ten", 2);
    r.onupgradeneeded = () => {
      for (const s of stores) if (!r.result.objectStoreNames.contains(s)) r.result.createObjectStore(s);
    };
    r.onsuccess = () => resolve(r.result);
    r.onerror = () => reject(r.error ?? new Error("no database"));
  });
  return opened;
}

async function run<T>(store: Store, mode: IDBTransactionMode, act: (s: IDBObjectStore) => IDBRequest<T>): Promise<T> {
  const db = await open();
  return new Promise((resolve, reject) => {
    const tx = db.transaction(store, mode);
    const r = act(tx.objectStore(store));
    tx.oncomplete = () => resolve(r.result);
    tx.onabort = tx.onerror = () => reject(tx.error ?? new Error("the database refused"));
  });
}

export const get = <T>(store: Store, key: string): Promise<T | undefined> => run(store, "readonly", (s) => s.get(key) as IDBRequest<T | undefined>);
export const all = <T>(store: Store): Promise<T[]> => run(store, "readonly", (s) => s.getAll() as IDBRequest<T[]>);
export const put = (store: Store, key: string, value: unknown): Promise<unknown> => run(store, "readwrite", (s) => s.put(value, key));
export const drop = (store: Store, key: string): Promise<unknown> => run(store, "readwrite", (s) => s.delete(key));
