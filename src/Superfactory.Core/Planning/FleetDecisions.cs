using System.Collections.Immutable;
using Superfactory.Core.Commands;
using Superfactory.Core.Records;
using Superfactory.Model;
using Superfactory.Model.Fleet;
using Superfactory.Scheduling.Quotas;

namespace Superfactory.Core.Planning;

/// <summary>Decides upon what the sites of the factory are said to be.</summary>
internal static class FleetDecisions
{
    public static Refusal? Apply(Draft draft, ApplyFleet apply)
    {
        var parsed = FleetFile.Parse(apply.Text, apply.File);
        if (!parsed.Succeeded)
        {
            return new Refusal(RefusalKind.Invalid, parsed.Problems);
        }

        var applied = new FleetApplied { At = draft.Now, Text = apply.Text, File = apply.File };
        var next = Factory.Apply(draft.State, applied);
        var quotas = QueueTree.Create(next.Queues.Queues, FleetMaker.Whole(next));
        if (!quotas.Succeeded)
        {
            return new Refusal(RefusalKind.Conflict, [.. quotas.Problems.Select(problem => problem with { File = apply.File, Hint = "Apply queues first that are guaranteed no more than this." })]);
        }

        // What runs goes on whatever is said of its site; but then the file cannot be true.
        var problems = ImmutableArray.CreateBuilder<Problem>();
        foreach (var site in next.Sites.Keys)
        {
            foreach (var hardware in HardwareCatalogue.Names)
            {
                if (FleetCapacity.Held(next, site, hardware) is var held && held > FleetCapacity.Declared(next, site, hardware) && held <= FleetCapacity.Declared(draft.State, site, hardware))
                {
                    problems.Add(new Problem($"Site '{site}' would have {FleetCapacity.Declared(next, site, hardware)} {hardware} for jobs, and jobs hold {held} there.", apply.File, Field: "sites", Hint: "Hold or cancel some first."));
                }
            }
        }

        var placed = FleetPlaces.Sites(next);
        foreach (var (domain, held) in FleetPlaces.Held(next, planned: true).Where(each => placed.Contains(each.Key[..each.Key.IndexOf('/', StringComparison.Ordinal)])).OrderBy(static each => each.Key, StringComparer.Ordinal))
        {
            if (FleetPlaces.Capacity(next, domain) is var capacity && held > capacity)
            {
                problems.Add(new Problem($"'{domain}' would {(capacity == 0 ? "not be there" : $"have {capacity} accelerators for jobs")}, and jobs hold {held} there.", apply.File, Field: "sites", Hint: "Hold or cancel some first."));
            }
        }

        if (problems.Count > 0)
        {
            return new Refusal(RefusalKind.Conflict, problems.ToImmutable());
        }

        draft.Add(applied);
        return null;
    }
}
