using Superfactory.Cli.Chaos.Checking;
using Superfactory.Cli.Tests.CommandLine;
using Superfactory.Model.Views;

namespace Superfactory.Cli.Tests.EndToEnd;

/// <summary>
/// A job whose trainers write down for themselves what they did (<c>bench/chaos_trainer.py</c>), and what the separate checker finds in that: nothing in it
/// comes from counters of bridges or of the control plane.
/// </summary>
internal sealed class RecordedJob
{
    /// <summary>Samples of a step of each island.</summary>
    public const int Batch = 8;

    private readonly string _directory;
    private readonly int _planned;

    /// <summary>Makes the job.</summary>
    /// <param name="directory">Where trainers write their records.</param>
    /// <param name="sync">What the job says of merging, as in a job file.</param>
    /// <param name="steps">Steps of each island, with all of them.</param>
    /// <param name="pace">Milliseconds that a step takes at least.</param>
    /// <param name="environment">What its trainers are told besides, as in a job file.</param>
    /// <param name="sites">The sites.</param>
    public RecordedJob(string directory, string sync, int steps, int pace, string environment, params string[] sites)
    {
        _directory = Directory.CreateDirectory(Path.Combine(directory, "records")).FullName;
        _planned = steps * Batch * sites.Length;
        Text = $$"""
            name: recorded
            sites: [{{string.Join(", ", sites)}}]
            command: [python3, "{{CommandProcess.Home}}/tests/python/faulty_trainer.py", "{{_directory}}", "{{pace}}", "{{_directory}}/hurry"]
            directory: "{{_directory}}"
            data: {corpus: dotnet-docs}
            environment: {{{environment}}}
            sync: {{sync}}
            budget: {samples: {{_planned}}}
            """;
    }

    /// <summary>The job's file.</summary>
    public string Text { get; }

    /// <summary>Lets trainers take their steps as fast as they can.</summary>
    public void Hurry() => File.WriteAllText(Path.Combine(_directory, "hurry"), string.Empty);

    /// <summary>The job is completed, all who ended have one model, and each sample was merged once, by the trainers' own words.</summary>
    /// <returns>The results of the run's one history, the newest first.</returns>
    public List<ResultInHistory> Whole(JobView ended)
    {
        ended.State.ShouldBe(JobState.Completed, ended.Reason);
        var (trainers, unreadable) = TrainerRecord.Load(_directory);
        unreadable.ShouldBeEmpty();
        var history = HistoryCheck.Of(trainers);
        history.Disagreements.ShouldBeEmpty();
        LedgerCheck.Of(history.Results, _planned, trainers[0].Begin.Count, trainers[0].Begin.Seed).ShouldBeEmpty();
        trainers.Select(static trainer => trainer.End).OfType<TrainerLine>().ShouldAllBe(end => end.Loss < trainers[0].Begin.Loss);
        return history.Results;
    }
}
