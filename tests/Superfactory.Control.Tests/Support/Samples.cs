using Superfactory.Model.Agents;

namespace Superfactory.Control.Tests.Support;

/// <summary>What tests submit and report.</summary>
internal static class Samples
{
    public const string TwoSites = """
        name: docs-gpt
        kind: pretrain
        sites: [wisconsin, atlanta]
        trainer: {recipe: pretrain, batch: 16}
        data: {corpus: dotnet-docs}
        sync: {mode: diloco, every: 30}
        budget: {steps: 400}
        """;

    public static GangReport Gang(long job, GangState state, int incarnation = 1, string? reason = null, bool retriable = false) => new()
    {
        Job = job,
        Incarnation = incarnation,
        State = state,
        Reason = reason,
        Retriable = retriable,
        Result = state == GangState.Finished ? Result() : null,
    };

    public static IslandResult Result(string hash = "5f3c") => new()
    {
        ParametersSha256 = hash,
        Steps = 400,
        Tokens = 819_200,
        TrainingSeconds = 30,
        WallSeconds = 31,
        Rounds = 14,
        ParameterBytes = 4_000_000,
    };

    public static LogLine Line(long job, string text, string island = "wisconsin") => new()
    {
        Job = job,
        Island = island,
        Source = "trainer",
        UnixMilliseconds = 1,
        Text = text,
    };
}
