/** What could not be asked for: what was wrong, what to do, and a way to try again. */
import { told } from "@/api/problem";
import { Button } from "@/ui/button";
import { Empty } from "@/ui/card";

export function Failed({ error, again }: { error: unknown; again: () => void }) {
  const { wrong, right } = told(error);
  return (
    <div role="alert">
      <Empty title={wrong} action={<Button onClick={again}>Try again</Button>}>
        {right}
      </Empty>
    </div>
  );
}
