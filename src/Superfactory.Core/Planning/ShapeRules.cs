using System.Collections.Immutable;
using System.Globalization;
using Superfactory.Core.Commands;
using Superfactory.Core.Reading;
using Superfactory.Model;
using Superfactory.Model.Fleet;

namespace Superfactory.Core.Planning;

/// <summary>Refuses a job of a shape that the known sites can never hold, and names the nearest one that they would.</summary>
internal static class ShapeRules
{
    /// <summary>What is wrong with a job's islands; empty where they could start once enough is free.</summary>
    public static ImmutableArray<Problem> Check(FactoryState state, SubmitJob submit)
    {
        var job = submit.Specification;
        if (job.Kinds.IsEmpty)
        {
            return [new Problem($"No kind of hardware that the job takes has {job.Memory} GB.", submit.File, Field: "memory")];
        }

        var problems = ImmutableArray.CreateBuilder<Problem>();
        foreach (var site in job.Sites.IsDefaultOrEmpty ? [] : job.Sites)
        {
            if (state.Sites.ContainsKey(site) && CheckSite(state, submit, site) is { } problem)
            {
                problems.Add(problem);
            }
        }

        if (problems.Count == 0 && job.Accelerators > 0 && Apart(state, submit) is { } apart)
        {
            problems.Add(apart);
        }

        return problems.DrainToImmutable();
    }

    private static Problem? CheckSite(FactoryState state, SubmitJob submit, string site)
    {
        var job = submit.Specification;
        var kinds = job.Kinds;
        var (most, best) = kinds.Select(kind => (Count: FleetCapacity.Declared(state, site, kind), Kind: kind)).MaxBy(static each => each.Count);
        return most >= job.Accelerators ? null
            : most > 0 ? new Problem(
                $"Site '{site}' has {most} {Counted(best)}: an island of {job.Accelerators} never fits there, one of {most} would.", submit.File, Field: "accelerators")
            : FleetCapacity.Kinds(state, site) is { IsEmpty: false } there ? new Problem(
                $"Site '{site}' has no {Sentence.Or(kinds)}; it has {Sentence.List(there)}.", submit.File, Field: "hardware")
            : null;
    }

    /// <summary>All islands get the same kind: where no kind has room for enough of them, the nearest shape. A site whose agent has not joined yet may have anything.</summary>
    private static Problem? Apart(FactoryState state, SubmitJob submit)
    {
        var job = submit.Specification;
        var sites = (job.Sites.IsDefaultOrEmpty ? state.Sites.Values.Where(static site => site.Standing != SiteStanding.Left).Select(static site => site.Name) : job.Sites.Where(state.Sites.ContainsKey)).ToList();
        if (job.IslandsLeast < 1 || sites.Count < job.IslandsLeast || sites.Any(site => FleetCapacity.Kinds(state, site).IsEmpty))
        {
            return null;
        }

        // Of each kind what the sites have, the most first: so many islands of the size of the last of them would fit.
        var (nearest, at, widest) = (0L, string.Empty, 0);
        foreach (var kind in job.Kinds)
        {
            var counts = sites.Select(site => FleetCapacity.Declared(state, site, kind)).OrderDescending().ToList();
            var fits = counts.Count(count => count >= job.Accelerators);
            if (fits >= job.IslandsLeast)
            {
                return null;
            }

            widest = Math.Max(widest, fits);
            (nearest, at) = counts[job.IslandsLeast - 1] > nearest ? (counts[job.IslandsLeast - 1], kind) : (nearest, at);
        }

        var islands = job.IslandsLeast == 1 ? "An island" : string.Create(CultureInfo.InvariantCulture, $"{job.IslandsLeast} islands");
        var instead = (nearest, widest) switch
        {
            (> 0, > 0) => $"{(job.IslandsLeast == 1 ? "one" : job.IslandsLeast)} of {nearest} {Counted(at)} would, or {(widest == 1 ? "one" : widest)} of {job.Accelerators}",
            (> 0, _) => $"{(job.IslandsLeast == 1 ? "one" : job.IslandsLeast)} of {nearest} {Counted(at)} would",
            (_, > 0) => $"{(widest == 1 ? "one" : widest)} would",
            _ => $"they have {Sentence.List([.. HardwareCatalogue.Names.Where(kind => sites.Any(site => FleetCapacity.Declared(state, site, kind) > 0))])}",
        };
        return new Problem(
            $"{islands} of {job.Accelerators} {(job.Hardware.IsEmpty ? "accelerators" : Sentence.Or([.. job.Kinds.Select(Counted)]))}{(job.IslandsLeast > 1 && job.Kinds.Length > 1 ? ", all of one kind," : string.Empty)} never fit{(job.IslandsLeast == 1 ? "s" : string.Empty)} at the known sites; {instead}.",
            submit.File, Field: nearest > 0 || widest > 0 ? "accelerators" : "hardware");
    }

    private static string Counted(string kind) => kind == HardwareCatalogue.Cpu ? "slots" : kind;
}
