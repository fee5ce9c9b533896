/**
 * CSV as people have it: ten columns, numbers, names in several scripts, instants; a third of the last column in quotes, for
 * the commas and the doubled quotes in it. No field is empty, since DuckDB writes an empty text as `""`. The same at every run.
 */
const CITIES = ['Oslo', 'Malmö', 'Zürich', 'København', '東京', 'São Paulo', 'Berlin', 'Quito', 'Łódź', 'Nairobi'];
const STATES = ['new', 'paid', 'packed', 'sent', 'returned'];
const WORDS = ['parcel', 'left', 'with', 'the', 'neighbour', 'fragile', 'größer', 'as', 'promised', 'gift'];
/** One note in a hundred has it. */
const RARE_WORD = 'urgent';
const RECORD_BYTES_MAX = 256;

/** Records that fill a buffer to its last byte, so that it may be repeated. */
export function recordsOf(sizeBytes: number): Buffer {
  const records = Buffer.allocUnsafe(sizeBytes);
  const random = randomNumbers();
  let filled = 0;
  for (let id = 1; sizeBytes - filled > 2 * RECORD_BYTES_MAX; id += 1) {
    filled += records.write(`${fieldsOf(id, random)},${noteOf(random)}\n`, filled);
  }
  filled += records.write(`${fieldsOf(0, random)},`, filled);
  return records.fill('x', filled).fill('\n', sizeBytes - 1);
}

/** Below the bound that it is asked for; the same sequence at every run. */
type Random = (bound: number) => number;

function randomNumbers(): Random {
  let state = 20_261_127;
  return (bound) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * bound);
  };
}

function fieldsOf(id: number, random: Random): string {
  const name = `user${random(1_000_000)}`;
  const city = CITIES[random(CITIES.length)];
  const price = `${random(1000)}.${twoDigits(random(100))}`;
  const day = `20${10 + random(16)}-${twoDigits(1 + random(12))}-${twoDigits(1 + random(28))}`;
  const instant = `${day}T${twoDigits(random(24))}:${twoDigits(random(60))}:${twoDigits(random(60))}Z`;
  const email = `${name}@mail${random(50)}.example`;
  return `${id},${name},${city},${random(1000)},${price},${instant},${email},${STATES[random(STATES.length)]},${random(2) === 0}`;
}

function noteOf(random: Random): string {
  const words = Array.from({ length: 3 + random(3) }, () => WORDS[random(WORDS.length)]);
  if (random(100) === 0) words.push(RARE_WORD);
  return random(3) === 0 ? `"${words.join(', ')}: ""${words[0]}"""` : words.join(' ');
}

const twoDigits = (value: number): string => String(value).padStart(2, '0');
