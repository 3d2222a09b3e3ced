using System.Collections.Immutable;
using System.Globalization;
using Superfactory.Cli.CommandLine;
using Superfactory.Model;
using Superfactory.Model.Jobs;

namespace Superfactory.Cli.Chaos;

/// <summary>The job that is run under faults.</summary>
/// <param name="Text">Its file.</param>
/// <param name="Planned">Samples that it plans.</param>
internal sealed record ChaosJob(string Text, long Planned)
{
    /// <summary>The corpus that it trains on.</summary>
    public const string Corpus = "dotnet-docs";

    /// <summary>Milliseconds that a step takes at least while faults happen, so that the run lasts as long as they do and leaves the machine to the others.</summary>
    private const int Pace = 50;

    /// <summary>Steps between merges of <c>diloco</c>: a result each half second.</summary>
    private const int Every = 10;

    /// <summary>What the job says of a mode: <c>streaming</c> in three fragments with a result each 0.2 s; <c>auto</c> with a target that is missed while a link is degraded.</summary>
    private static string Sync(SyncMode mode) => mode switch
    {
        SyncMode.EveryStep => "{mode: every-step}",
        SyncMode.Streaming => "{mode: streaming, every: 12, fragments: 3, staleness: 3}",
        SyncMode.Auto => "{mode: auto, target: 0.9}",
        _ => string.Create(CultureInfo.InvariantCulture, $"{{mode: diloco, every: {Every}}}"),
    };

    /// <summary>Samples of a step of each island, as <c>bench/chaos_trainer.py</c> has it.</summary>
    private const int Batch = 8;

    private const string Program = "bench/chaos_trainer.py";

    /// <summary>Makes the job.</summary>
    /// <param name="sites">The sites, in order.</param>
    /// <param name="mode">What it merges, and when.</param>
    /// <param name="duration">How long it is to train at least, with all its sites.</param>
    /// <param name="seed">The seed of model and data.</param>
    /// <param name="python">A Python that has torch.</param>
    /// <param name="logs">Where trainers write their records.</param>
    /// <param name="hurry">The file whose presence lets them train as fast as they can.</param>
    public static Outcome<ChaosJob> Make(ImmutableArray<string> sites, SyncMode mode, TimeSpan duration, long seed, string python, string logs, string hurry)
    {
        var program = Directories.ProjectFile(Program);
        if (!program.Succeeded)
        {
            return new(program.Problems);
        }

        // A step of every-step takes a round trip and its merge besides.
        var steps = Math.Max(Every, (long)(duration.TotalMilliseconds / (mode == SyncMode.EveryStep ? 2 * Pace : Pace)));
        var text = string.Create(CultureInfo.InvariantCulture, $$"""
            name: chaos
            sites: [{{string.Join(", ", sites)}}]
            command: ["{{python}}", "{{program.Value}}", "{{logs}}", "{{Pace}}", "{{hurry}}"]
            directory: "{{logs}}"
            data: {corpus: {{Corpus}}}
            sync: {{Sync(mode)}}
            checkpoint: {every: 10}
            budget: {samples: {{steps * Batch * sites.Length}}}
            seed: {{seed % int.MaxValue}}
            trainer_restarts_max: 100
            """);
        return new(new ChaosJob(text, steps * Batch * sites.Length));
    }
}
