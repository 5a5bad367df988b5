/** Home: what the account is worth, what it holds and wants, and what moves. */
import { Equity } from "./equity";
import { Done, Held, Movers, Working } from "./lists";

export default function Home() {
  return (
    <div className="mx-auto grid max-w-7xl gap-4 p-3 sm:p-4 lg:p-6 xl:grid-cols-[minmax(0,1fr)_20rem]">
      <h1 className="sr-only">Home</h1>
      <div className="min-w-0 space-y-4">
        <Equity />
        <Held />
        <Working />
      </div>
      <div className="min-w-0 space-y-4">
        <Movers />
        <Done />
      </div>
    </div>
  );
}
