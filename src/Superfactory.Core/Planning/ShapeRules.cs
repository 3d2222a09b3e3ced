using System.Collections.Immutable;
using System.Globalization;
using Superfactory.Core.Commands;
using Superfactory.Core.Reading;
using Superfactory.Model;
using Superfactory.Model.Fleet;
using Superfactory.Model.Jobs;

namespace Superfactory.Core.Planning;

/// <summary>Refuses a job of a shape that the known sites can never hold, and names the nearest one that they would.</summary>
internal static class ShapeRules
{
    /// <summary>What is wrong with a job's islands, and with the gangs of its roles; empty where they could start once enough is free.</summary>
    public static ImmutableArray<Problem> Check(FactoryState state, SubmitJob submit)
    {
        var job = submit.Specification;
        job = job with { Accelerators = job.AcceleratorsLeast, AcceleratorsMin = 0 };
        submit = submit with { Specification = job };
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

        if (problems.Count == 0 && job.Accelerators > 0 && Apart(state, job, submit.File) is { } apart)
        {
            problems.Add(apart);
        }

        foreach (var role in job.Roles.Keys)
        {
            if (Apart(state, RoleSpecification.Gang(job, role), submit.File) is { } never)
            {
                problems.Add(never with { Message = $"Role {role}: {never.Message.Replace("An island", "a gang", StringComparison.Ordinal)}", Field = $"roles.{role}.{never.Field}" });
            }
        }

        return problems.DrainToImmutable();
    }

    private static Problem? CheckSite(FactoryState state, SubmitJob submit, string site)
    {
        var job = submit.Specification;
        var kinds = job.Kinds;
        var (most, best) = kinds.Select(kind => (Count: SiteShapes.Most(state, site, kind, job.Accelerators, job.Within), Kind: kind)).MaxBy(static each => each.Count);
        if (most >= job.Accelerators)
        {
            return null;
        }

        var has = kinds.Any(kind => FleetCapacity.Declared(state, site, kind) > 0);
        if (most == 0 && has && job.Within != Within.Site)
        {
            return new Problem($"Site '{site}' places its own gangs: no {Word(job.Within)} is promised there.", submit.File, Field: "within", Hint: "Remove the field, or name sites that the fleet places.");
        }

        var sliced = job.Within == Within.Site && kinds.Any(kind => FleetCapacity.Declared(state, site, kind) >= job.Accelerators) ? " in equal slices" : In(job);
        return most > 0 ? new Problem(
                $"Site '{site}' has {most} {Counted(best)}{sliced}: an island of {job.Accelerators} never fits there, one of {most} would{Wider(job, within => kinds.Any(kind => Fits(state, site, kind, job, within)))}.", submit.File, Field: "accelerators")
            : FleetCapacity.Kinds(state, site) is { IsEmpty: false } there ? new Problem(
                $"Site '{site}' has no {Sentence.Or(kinds)}; it has {Sentence.List(there)}.", submit.File, Field: "hardware")
            : null;
    }

    /// <summary>All islands get the same kind: where no kind has room for enough of them, the nearest shape. A site whose agent has not joined yet may have anything.</summary>
    private static Problem? Apart(FactoryState state, JobSpecification job, string? file)
    {
        var sites = (job.Sites.IsDefaultOrEmpty ? state.Sites.Values.Where(static site => site.Standing != SiteStanding.Left).Select(static site => site.Name) : job.Sites.Where(state.Sites.ContainsKey)).ToList();
        if (job.IslandsLeast < 1 || sites.Count < job.IslandsLeast || sites.Any(site => FleetCapacity.Kinds(state, site).IsEmpty))
        {
            return null;
        }

        // Of each kind what the sites have, the most first: so many islands of the size of the last of them would fit.
        var (nearest, at, widest) = (0L, string.Empty, 0);
        foreach (var kind in job.Kinds)
        {
            var counts = sites.Select(site => SiteShapes.Most(state, site, kind, job.Accelerators, job.Within)).OrderDescending().ToList();
            var fits = counts.Count(count => count >= job.Accelerators);
            if (fits >= job.IslandsLeast)
            {
                return null;
            }

            widest = Math.Max(widest, fits);
            (nearest, at) = counts[job.IslandsLeast - 1] > nearest ? (counts[job.IslandsLeast - 1], kind) : (nearest, at);
        }

        var islands = job.IslandsLeast == 1 ? "An island" : string.Create(CultureInfo.InvariantCulture, $"{job.IslandsLeast} islands");
        var has = sites.Any(site => job.Kinds.Any(kind => FleetCapacity.Declared(state, site, kind) > 0));
        var instead = (nearest, widest) switch
        {
            (> 0, > 0) => $"{(job.IslandsLeast == 1 ? "one" : job.IslandsLeast)} of {nearest} {Counted(at)} would, or {(widest == 1 ? "one" : widest)} of {job.Accelerators}",
            (> 0, _) => $"{(job.IslandsLeast == 1 ? "one" : job.IslandsLeast)} of {nearest} {Counted(at)} would",
            (_, > 0) => $"{(widest == 1 ? "one" : widest)} would",
            _ when has && job.Within != Within.Site => $"{(job.IslandsLeast == 1 ? "they place their own gangs" : "too few of them are placed by the fleet")}",
            _ => $"they have {Sentence.List([.. HardwareCatalogue.Names.Where(kind => sites.Any(site => FleetCapacity.Declared(state, site, kind) > 0))])}",
        };
        return new Problem(
            $"{islands} of {job.Accelerators} {(job.Hardware.IsEmpty ? "accelerators" : Sentence.Or([.. job.Kinds.Select(Counted)]))}{In(job)}{(job.IslandsLeast > 1 && job.Kinds.Length > 1 ? ", all of one kind," : string.Empty)} never fit{(job.IslandsLeast == 1 ? "s" : string.Empty)} at the known sites; {instead}{Wider(job, within => job.Kinds.Any(kind => sites.Count(site => Fits(state, site, kind, job, within)) >= job.IslandsLeast))}.",
            file, Field: nearest > 0 || widest > 0 ? "accelerators" : has && job.Within != Within.Site ? "within" : "hardware");
    }

    private static bool Fits(FactoryState state, string site, string kind, JobSpecification job, Within within) => SiteShapes.Most(state, site, kind, job.Accelerators, within) >= job.Accelerators;

    /// <summary>The narrowest of the wider domains that would hold all of it; nothing where none would.</summary>
    private static string Wider(JobSpecification job, Func<Within, bool> fits)
    {
        for (var within = job.Within - 1; within >= Within.Site; within--)
        {
            if (fits(within))
            {
                return within == Within.Site ? $", or {job.Accelerators} anywhere at a site" : $", or {job.Accelerators} within a {Word(within)}";
            }
        }

        return string.Empty;
    }

    private static string In(JobSpecification job) => job.Within == Within.Site ? string.Empty : $" within a {Word(job.Within)}";

    private static string Word(Within within) => within.ToString().ToLowerInvariant();

    private static string Counted(string kind) => kind == HardwareCatalogue.Cpu ? "slots" : kind;
}
