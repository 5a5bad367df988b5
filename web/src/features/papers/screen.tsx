/** Papers: monthly statements, the tax report, and whole histories to take away. */
import { useMedia } from "@/ui/media";
import { Exports } from "./exports";
import { Statements } from "./statements";
import { TaxPapers } from "./tax";

export default function Papers() {
  const wide = useMedia("(min-width: 64rem)");
  const rest = (
    <>
      <TaxPapers />
      <Exports />
    </>
  );
  return (
    <div className="mx-auto max-w-6xl space-y-4 p-3 sm:p-4 lg:p-6">
      <h1 className="font-semibold text-xl tracking-tight">Statements</h1>
      {wide ? (
        <div className="grid grid-cols-[minmax(0,1fr)_20rem] items-start gap-4">
          <Statements />
          <div className="space-y-4">{rest}</div>
        </div>
      ) : (
        <>
          <Statements />
          {rest}
        </>
      )}
    </div>
  );
}
