using System.Collections.Immutable;
using Superfactory.Core.Commands;
using Superfactory.Core.Reading;
using Superfactory.Core.Records;
using Superfactory.Model;
using Superfactory.Model.Jobs;

namespace Superfactory.Core.Planning;

/// <summary>Decides upon what people ask for.</summary>
internal static class JobDecisions
{
    public static Refusal? Submit(Draft draft, SubmitJob submit, ResumePoint? from = null)
    {
        var problems = CheckSites(draft.State, submit).AddRange(CheckQueue(draft.State, submit)).AddRange(ShapeRules.Check(draft.State, submit)).AddRange(CheckCount(submit));
        if (problems.Length > 0)
        {
            return new Refusal(RefusalKind.Invalid, problems);
        }

        var (specification, unreachable) = RateDecisions.Settle(draft.State, submit);
        if (unreachable is not null)
        {
            return new Refusal(RefusalKind.Invalid, [unreachable]);
        }

        if (draft.State.OpenJobs.Count + submit.Specification.Count + submit.Specification.RoleGangs > FactoryLimits.OpenJobsMax)
        {
            return new Refusal(RefusalKind.Conflict, [new Problem(
                $"{draft.State.OpenJobs.Count} jobs have not ended, and the control plane takes no more than {FactoryLimits.OpenJobsMax}.", Hint: "Cancel some, or wait.")]);
        }

        draft.Add(new JobSubmitted { At = draft.Now, Job = draft.State.LastJob + 1, Specification = specification, From = from });
        return null;
    }

    /// <summary>Does the same to all elements of an array that have not ended: it is refused where it can be done to none.</summary>
    public static Refusal? ToAll(Draft draft, long id, Func<Draft, long, Refusal?> act)
    {
        if (!draft.State.Jobs.TryGetValue(id, out var job) || job.Array is not { } array)
        {
            return job is null ? act(draft, id) : new Refusal(RefusalKind.Invalid, [new Problem($"Job {id} is no element of an array.", Field: "array")]);
        }

        Refusal? refusal = null;
        var done = false;
        for (var element = array.First; element < array.First + array.Count; element++)
        {
            var refused = act(draft, element);
            done |= refused is null;
            refusal ??= refused;
        }

        return done ? null : refusal;
    }

    public static Refusal? Cancel(Draft draft, CancelJob cancel)
    {
        if (!draft.State.Jobs.TryGetValue(cancel.Job, out var job))
        {
            return new Refusal(RefusalKind.NotFound, [new Problem($"There is no job {cancel.Job}.")]);
        }

        if (job.End is { } end)
        {
            return new Refusal(RefusalKind.Conflict, [new Problem($"Job {cancel.Job} has already ended: it {Sentence.Ended(end.State)}.")]);
        }

        draft.Add(new JobCancelled { At = draft.Now, Job = cancel.Job });
        return null;
    }

    private static ImmutableArray<Problem> CheckCount(SubmitJob submit)
    {
        var specification = submit.Specification;
        return specification.Count is < 1 or > JobSpecification.ElementsMax
            ? [new Problem($"An array has 1 to {JobSpecification.ElementsMax} elements, not {specification.Count}.", submit.File, Field: "count")]
            : specification.Seed > int.MaxValue - specification.Count
                ? [new Problem($"The last element's seed, {specification.Seed} + {specification.Count - 1}, is over {int.MaxValue}.", submit.File, Field: "seed")]
                : [];
    }

    private static ImmutableArray<Problem> CheckSites(FactoryState state, SubmitJob submit)
    {
        var specification = submit.Specification;
        var problems = ImmutableArray.CreateBuilder<Problem>();
        problems.AddRange(specification.PreferredSites.Where(site => !state.Sites.ContainsKey(site)).Select(site =>
            new Problem($"There is no site '{site}'; expected {Sentence.Known(state.Sites.Keys)}.", submit.File, Field: "preferred_sites", Hint: SiteHint(state, site))));
        problems.AddRange(specification.Roles.SelectMany(role => role.Value.PreferredSites.Where(site => !state.Sites.ContainsKey(site)).Select(site =>
            new Problem($"There is no site '{site}'; expected {Sentence.Known(state.Sites.Keys)}.", submit.File, Field: $"roles.{role.Key}.preferred_sites", Hint: SiteHint(state, site)))));
        if (specification.Sites.IsDefaultOrEmpty)
        {
            if (specification.SiteCount is < 1 or > FactoryLimits.SitesMax)
            {
                problems.Add(new Problem(
                    $"A job needs at least one site and at most {FactoryLimits.SitesMax}.", submit.File, Field: "sites"));
            }

            return problems.DrainToImmutable();
        }

        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (var site in specification.Sites)
        {
            if (!seen.Add(site))
            {
                problems.Add(new Problem($"Site '{site}' is named twice; a job has one island at a site.", submit.File, Field: "sites"));
            }
            else if (!state.Sites.ContainsKey(site))
            {
                problems.Add(new Problem(
                    $"There is no site '{site}'; expected {Sentence.Known(state.Sites.Keys)}.",
                    submit.File,
                    Field: "sites",
                    Hint: SiteHint(state, site)));
            }
        }

        return problems.DrainToImmutable();
    }

    private static ImmutableArray<Problem> CheckQueue(FactoryState state, SubmitJob submit)
    {
        var specification = submit.Specification;
        var problems = ImmutableArray.CreateBuilder<Problem>();
        var names = state.Queues.Queues.Select(static queue => queue.Name).ToImmutableArray();
        if (!names.Contains(specification.Queue, StringComparer.Ordinal))
        {
            problems.Add(new Problem(
                $"There is no queue '{specification.Queue}'; expected one of {string.Join(", ", names)}.", submit.File, Field: "queue",
                Hint: NearMatch.Hint(specification.Queue, names) ?? "Make it with 'superfactory fleet apply'."));
        }

        return problems.DrainToImmutable();
    }

    private static string SiteHint(FactoryState state, string site)
        => NearMatch.Find(site, state.Sites.Keys) is { } near ? $"Did you mean '{near}'?" : "Start its agent with 'superfactory site' first.";
}
