/** Data: where prices come from, whether they come, and what that means for orders. */
import { told } from "@/api/problem";
import { Button } from "@/ui/button";
import { Notice } from "@/ui/notice";
import { Bars } from "./bars";
import { FeedList } from "./feeds";
import { useHealth } from "./health";
import { Breakers, Listeners, Parts, Webhook } from "./house";
import { Sources } from "./sources";
import { Status } from "./status";

export default function Data() {
  const health = useHealth();
  return (
    <div className="mx-auto max-w-7xl space-y-4 p-3 sm:p-4 lg:p-6">
      <h1 className="font-semibold text-xl tracking-tight">Data</h1>
      {health.error !== null && (
        <Notice kind="wrong" title={told(health.error).wrong}>
          <p>{told(health.error).right}</p>
          <Button size="small" className="mt-2" onClick={health.again}>
            Try again
          </Button>
        </Notice>
      )}
      <Status health={health} />
      <div className="grid gap-4 xl:grid-cols-[minmax(0,1fr)_20rem]">
        <div className="min-w-0 space-y-4">
          <Sources health={health} />
          <Bars />
          <FeedList health={health} />
        </div>
        <div className="grid min-w-0 content-start gap-4 sm:grid-cols-2 xl:grid-cols-1">
          <Parts health={health} />
          <Listeners health={health} />
          <Webhook health={health} />
          <Breakers health={health} />
        </div>
      </div>
    </div>
  );
}
