using System.Collections.Immutable;
using Superfactory.Model.Agents;

namespace Superfactory.Model.Jobs;

/// <summary>The section <c>sync</c> of a job: checks its fields against each other, and makes the specification of them. Pure.</summary>
internal static class JobSync
{
    private static readonly SyncSpecification _sync = new();

    /// <summary>Adds what does not fit together.</summary>
    public static void Check(JobValues values, JobProblems problems)
    {
        var mode = values.Choice("sync.mode", _sync.Mode);
        CheckDefence(values, problems);
        CheckAuto(mode == SyncMode.Auto, values, problems);
        if (mode == SyncMode.EveryStep)
        {
            CheckEveryStep(values, problems);
        }
        else if (values.TryGet<object>("sync.batch", out _))
        {
            problems.Add(values.LineOf("sync.batch"), "sync.batch", "Only the mode every-step has a global batch for each step.", "Remove the field, or set mode: every-step.");
        }

        if (mode == SyncMode.Streaming)
        {
            CheckStreaming(values, problems);
            return;
        }

        foreach (var field in (ReadOnlySpan<string>)["sync.overlap", "sync.delay", "sync.staleness", "sync.mixing"])
        {
            if (values.IsPresent(field))
            {
                problems.Add(values.LineOf(field), field, $"Only the mode streaming has this field, and the job's mode is {Word(mode)}.", "Remove the field, or set mode: streaming.");
            }
        }
    }

    /// <summary>The specification; to be called where nothing is wrong.</summary>
    public static SyncSpecification Build(JobValues values)
    {
        var mode = values.Choice("sync.mode", _sync.Mode);
        var everyStep = mode == SyncMode.EveryStep;
        return new SyncSpecification
        {
            Mode = mode,
            Every = mode == SyncMode.Auto ? RunSchedule.First.Every : values.Count("sync.every", everyStep ? 1 : _sync.Every),
            Target = values.Get("sync.target", _sync.Target),
            Format = values.Choice("sync.format", mode == SyncMode.Streaming ? NumberFormat.E3m0 : _sync.Format),
            ResultFormat = values.Choice("sync.result_format", _sync.ResultFormat),
            ErrorFeedback = values.Get("sync.error_feedback", _sync.ErrorFeedback),
            Outer = new OuterOptimizerSpecification
            {
                LearningRate = values.Get("sync.outer.learning_rate", _sync.Outer.LearningRate),
                Momentum = values.Get("sync.outer.momentum", _sync.Outer.Momentum),
            },
            Fragments = values.Count("sync.fragments", _sync.Fragments),
            Batch = values.Choice("sync.batch", _sync.Batch),
            Quorum = values.Count("sync.quorum", _sync.Quorum),
            Grace = values.Get("sync.grace", _sync.Grace),
            NormLimit = values.Get("sync.norm_limit", _sync.NormLimit),
            Overlap = values.Get("sync.overlap", _sync.Overlap),
            Delay = values.Count("sync.delay", _sync.Delay),
            Staleness = values.Count("sync.staleness", _sync.Staleness),
            Mixing = values.Get("sync.mixing", _sync.Mixing),
            Stall = values.Count("sync.stall", _sync.Stall),
            Partition = values.Choice("sync.partition", _sync.Partition),
        };
    }

    private static void CheckDefence(JobValues values, JobProblems problems)
    {
        if (values.TryGet<long>("sync.quorum", out var quorum) && values.TryGet<object>("sites", out var given)
            && (given is long count ? count : given is ImmutableArray<string> names ? names.Length : quorum) is var sites && quorum > sites)
        {
            problems.Add(values.LineOf("sync.quorum"), "sync.quorum", $"Expected at most as many islands as the job has sites, {sites}, but found '{quorum}'.");
        }

        if (values.IsPresent("sync.grace") && !values.IsPresent("sync.quorum"))
        {
            problems.Add(values.LineOf("sync.grace"), "sync.grace", "A grace begins when a quorum has contributed, and the job has none. Expected 'quorum' beside it.", "Set quorum, or remove the field.");
        }

        if (values.TryGet<double>("sync.norm_limit", out var limit) && limit is > 0 and < 1)
        {
            problems.Add(values.LineOf("sync.norm_limit"), "sync.norm_limit", "A limit under 1 refuses every second contribution. Expected at least 1, or 0 for any norm.", "Remove the field for 10.");
        }
    }

    private static void CheckAuto(bool auto, JobValues values, JobProblems problems)
    {
        if (!auto && values.IsPresent("sync.target"))
        {
            problems.Add(values.LineOf("sync.target"), "sync.target", "Only the mode auto aims at a share of the compute-only rate.", "Remove the field, or set mode: auto.");
        }

        if (auto && values.IsPresent("sync.every"))
        {
            problems.Add(values.LineOf("sync.every"), "sync.every", "The mode auto chooses by itself how often it merges.", "Remove the field, or set mode: diloco.");
        }

        if (auto && values.Count("sync.quorum", 0) > 0)
        {
            problems.Add(values.LineOf("sync.quorum"), "sync.quorum", "The mode auto may choose every-step, which closes no round without one of the islands.", "Remove the field, or set mode: diloco.");
        }

        if (auto && values.Get("sync.error_feedback", _sync.ErrorFeedback))
        {
            problems.Add(values.LineOf("sync.error_feedback"), "sync.error_feedback", "What a format rounds away is of no use after a change of mode: the mode auto has no error feedback.", "Remove the field, or set mode: diloco.");
        }
    }

    private static void CheckEveryStep(JobValues values, JobProblems problems)
    {
        if (values.TryGet<long>("sync.every", out var every) && every != 1)
        {
            problems.Add(values.LineOf("sync.every"), "sync.every", $"The mode every-step merges after each step. Expected 1, but found '{every}'.", "Remove the field, or set mode: diloco.");
        }

        if (values.Count("sync.quorum", 0) > 0)
        {
            problems.Add(values.LineOf("sync.quorum"), "sync.quorum", "The mode every-step merges the gradients of all islands in each step and closes no round without one.", "Remove the field, or set mode: diloco.");
        }

        if (values.IsPresent("sync.outer"))
        {
            problems.Add(values.LineOf("sync.outer"), "sync.outer", "The mode every-step has no outer optimizer.", "Remove the field, or set mode: diloco.");
        }
    }

    /// <summary>One fragment is under way at a time: the next is sent every ÷ fragments steps later, and by then this one is applied.</summary>
    private static void CheckStreaming(JobValues values, JobProblems problems)
    {
        var (every, fragments) = (values.Count("sync.every", _sync.Every), values.Count("sync.fragments", _sync.Fragments));
        var delay = values.Count("sync.delay", _sync.Delay);
        if (values.TryGet<object>("sync.overlap", out var overlap) && overlap is false)
        {
            foreach (var field in (ReadOnlySpan<string>)["sync.delay", "sync.staleness"])
            {
                if (values.IsPresent(field))
                {
                    problems.Add(values.LineOf(field), field, "Without overlap the trainer waits for each merge.", "Remove the field, or 'overlap: false'.");
                }
            }

            delay = 0;
        }

        var apart = every / Math.Max(fragments, 1);
        if (fragments > every)
        {
            problems.Add(values.LineOf("sync.fragments"), "sync.fragments", $"Each fragment is sent at a step of its own. Expected at most {every} ('every'), but found '{fragments}'.");
        }
        else if (delay > apart)
        {
            problems.Add(values.LineOf("sync.delay"), "sync.delay", $"A fragment is applied before the next is sent. Expected at most {apart} steps ('every' ÷ 'fragments'), but found '{delay}'.");
        }
        else if (values.TryGet<long>("sync.staleness", out var staleness) && staleness > 0)
        {
            if (staleness < delay)
            {
                problems.Add(values.LineOf("sync.staleness"), "sync.staleness", $"A result is applied {delay} steps after its fragment was sent at the earliest ('delay'). Expected at least {delay}, but found '{staleness}'.");
            }
            else if (staleness > apart)
            {
                problems.Add(values.LineOf("sync.staleness"), "sync.staleness", $"A fragment is applied before the next is sent. Expected at most {apart} steps ('every' ÷ 'fragments'), but found '{staleness}'.");
            }
        }
    }

    private static string Word(SyncMode mode) => JobFields.Words<SyncMode>()[(int)mode];
}
