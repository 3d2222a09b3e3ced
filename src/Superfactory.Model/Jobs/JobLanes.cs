using System.Collections.Immutable;

namespace Superfactory.Model.Jobs;

/// <summary>The section <c>lanes</c> of a job: checks it against the others, and makes the specification of it. Pure.</summary>
internal static class JobLanes
{
    /// <summary>Adds what does not fit together.</summary>
    public static void Check(JobValues values, JobProblems problems)
    {
        if (!values.IsPresent("lanes"))
        {
            return;
        }

        if (values.Choice("sync.mode", SyncMode.Diloco) is not SyncMode.Diloco and var mode)
        {
            problems.Add(values.LineOf("sync.mode"), "sync.mode", $"A model in lanes is merged in the mode diloco alone, and the job's mode is {JobFields.Words<SyncMode>()[(int)mode]}.", "Set mode: diloco, or remove 'lanes'.");
        }

        if (values.Count("sync.quorum", 0) > 0)
        {
            problems.Add(values.LineOf("sync.quorum"), "sync.quorum", "A model in lanes is merged with all islands: no round closes without one.", "Remove the field, or 'lanes'.");
        }

        if (values.Count("island.processes", 1) > 1)
        {
            problems.Add(values.LineOf("island.processes"), "island.processes", "Islands of a model in lanes have one process, or one for each lane.", "Remove the field, and name the sites with one for each lane in lanes.apart.");
        }

        CheckApart(values, problems);
        CheckPatterns(values, problems);
    }

    /// <summary>The specification; to be called where nothing is wrong.</summary>
    public static LaneSpecification? Build(JobValues values) => values.TryGet<object>("lanes.tensors", out var tensors) && tensors is ImmutableArray<string> patterns
        ? new LaneSpecification { Tensors = patterns, Apart = values.Get<ImmutableArray<string>>("lanes.apart", []) }
        : null;

    private static void CheckApart(JobValues values, JobProblems problems)
    {
        if (!values.TryGet<object>("lanes.apart", out var given) || given is not ImmutableArray<string> apart)
        {
            return;
        }

        if (values.IsPresent("trainer"))
        {
            problems.Add(values.LineOf("lanes.apart"), "lanes.apart", "The recipe trains the model in one process. Expected a 'command' whose processes have a lane each.", "Remove the field, or give a 'command'.");
        }

        if (values.TryGet<object>("sites", out var sites) && sites is ImmutableArray<string> names && apart.FirstOrDefault(site => !names.Contains(site)) is { } unknown)
        {
            problems.Add(values.LineOf("lanes.apart"), "lanes.apart", $"The job does not run at '{unknown}'. Expected names of its sites: {string.Join(", ", names)}.");
        }
    }

    private static void CheckPatterns(JobValues values, JobProblems problems)
    {
        if (values.TryGet<object>("lanes.tensors", out var given) && given is ImmutableArray<string> lanes && lanes.FirstOrDefault(string.IsNullOrWhiteSpace) is not null)
        {
            problems.Add(values.LineOf("lanes.tensors"), "lanes.tensors", "A lane without patterns has no tensors. Expected at least one pattern for each lane, such as \"blocks.1.*\".");
        }
    }
}
