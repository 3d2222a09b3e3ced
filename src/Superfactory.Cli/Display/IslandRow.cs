using Superfactory.Model.Agents;
using Superfactory.Model.Views;

namespace Superfactory.Cli.Display;

/// <summary>What is shown of one island. Immutable.</summary>
internal sealed record IslandRow(string Site)
{
    /// <summary>How its gang is; null before the site has said so.</summary>
    public GangState? State { get; init; }

    /// <summary>Its newest training loss; null before the first.</summary>
    public double? Loss { get; init; }

    /// <summary>Its newest speed; null before the first.</summary>
    public double? TokensPerSecond { get; init; }

    /// <summary>Steps that it has taken.</summary>
    public long Steps { get; init; }

    /// <summary>Steps that it will have taken in the end; 0 before it is known.</summary>
    public long StepsPlanned { get; init; }

    /// <summary>Rounds merged.</summary>
    public long Merges { get; init; }

    /// <summary>Bytes that its gateway sent to other sites.</summary>
    public long WanBytes { get; init; }

    /// <summary>What it waits for or why it stopped; null while it trains.</summary>
    public string? Note { get; init; }

    /// <summary>The row after the control plane told about the island.</summary>
    public IslandRow With(IslandView view)
    {
        var row = this with
        {
            State = view.State,
            WanBytes = view.WanBytesSent,
            Note = view.Reason ?? view.Progress?.Waiting,
            Steps = Math.Max(Steps, view.Progress?.Steps ?? 0),
            StepsPlanned = view.Progress?.StepsPlanned ?? StepsPlanned,
            Merges = view.Progress?.Rounds ?? Merges,
            Loss = Loss ?? view.Progress?.IslandLoss,
        };
        return view.Measurement is null ? row : row.With(view.Measurement);
    }

    /// <summary>The row after the island's trainer measured something.</summary>
    public IslandRow With(Measurement measurement) => measurement.Step < Steps ? this : this with
    {
        Steps = measurement.Step,
        Loss = measurement.Values.TryGetValue("loss", out var loss) ? loss : Loss,
        TokensPerSecond = measurement.Values.TryGetValue("tokens_per_second", out var speed) ? speed : TokensPerSecond,
    };
}
