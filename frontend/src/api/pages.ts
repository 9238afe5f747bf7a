interface Page<T> {
  count: number;
  next?: string | null;
  results: T[];
}

/** The largest page that the services give. */
export const LARGEST_PAGE = 500;

/** All pages of a list that is small by nature (plants, one person's devices). */
export async function allPages<T>(load: (page: number) => Promise<Page<T>>): Promise<T[]> {
  const all: T[] = [];
  for (let page = 1; ; page += 1) {
    const { results, next } = await load(page);
    all.push(...results);
    if (!next) return all;
  }
}
