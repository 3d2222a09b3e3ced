using System.Collections.Immutable;
using Superfactory.Model.Choosing;
using Superfactory.Model.Jobs;
using Superfactory.Model.Units;

namespace Superfactory.Model.Tests.Choosing;

/// <summary>
/// Bandwidths that a published simulation needs for a share of the compute-only rate: Streaming DiLoCo (arXiv 2501.18512), table 4. Two
/// islands, H = 100, overlap by one step; the table's values lie on a grid of steps of 1.21.
/// </summary>
internal static class PublishedTable
{
    /// <summary>The shares of its columns, in percent.</summary>
    public static ImmutableArray<int> Shares { get; } = [50, 80, 90, 95, 99];

    /// <summary>Model, method, Gbit/s for each share.</summary>
    public static ImmutableArray<PublishedRow> Rows { get; } =
    [
        new("1B", "Data-parallel", [86.8, 152.6, 184.2, 222.3, 569.0]),
        new("1B", "DiLoCo", [1.4, 6.2, 13.3, 23.3, 86.8]),
        new("1B", "Streaming", [1.4, 5.2, 9.1, 16.0, 28.1]),
        new("1B", "+ overlap", [1.4, 4.3, 6.2, 9.1, 11.0]),
        new("1B", "+ overlap FP4", [0.4, 0.9, 1.7, 2.0, 3.0]),
        new("10B", "Data-parallel", [104.8, 222.3, 222.3, 268.3, 471.5]),
        new("10B", "DiLoCo", [1.7, 7.5, 16.0, 33.9, 104.8]),
        new("10B", "Streaming", [1.7, 5.2, 9.1, 13.3, 19.3]),
        new("10B", "+ overlap", [1.7, 3.6, 5.2, 6.2, 7.5]),
        new("10B", "+ overlap FP4", [0.4, 0.9, 1.4, 1.4, 1.7]),
        new("100B", "Data-parallel", [184.2, 323.8, 390.7, 390.7, 471.5]),
        new("100B", "DiLoCo", [3.0, 11.0, 23.3, 49.4, 184.2]),
        new("100B", "Streaming", [2.4, 6.2, 9.1, 11.0, 19.3]),
        new("100B", "+ overlap", [1.7, 3.6, 4.3, 5.2, 5.2]),
        new("100B", "+ overlap FP4", [0.5, 0.9, 1.1, 1.1, 1.4]),
    ];

    /// <summary>Cells of a method, each with its share in millionths and its Gbit/s.</summary>
    public static IEnumerable<(PublishedRow Row, int Share, double Gigabits)> Cells() =>
        Rows.SelectMany(row => Shares.Select((share, column) => (row, share * 10_000, row.Gigabits[column])));
}

/// <summary>A row of the table.</summary>
internal sealed record PublishedRow(string Model, string Method, ImmutableArray<double> Gigabits)
{
    /// <summary>The backward pass is two thirds of a step: what the simulation, which merges layer by layer, hides of each merge.</summary>
    public const int BackwardThousandths = 667;

    /// <summary>What was simulated, at a rate.</summary>
    public TrainingMeasurement At(Bandwidth rate) => new()
    {
        StepTime = TimeSpan.FromSeconds(Model switch { "1B" => 0.1, "10B" => 0.8, _ => 4.9 }),
        ParameterBytes = 4L * Model switch { "1B" => 1_000_000_000, "10B" => 10_000_000_000, _ => 100_000_000_000 },
        Islands = 2,
        LinkRate = rate,
        RoundTrip = TimeSpan.Zero,
    };

    /// <summary>How it was merged.</summary>
    public MergeSchedule Schedule(int hidden = BackwardThousandths)
    {
        var fragments = Model switch { "1B" => 8, "10B" => 16, _ => 36 };
        var schedule = Method switch
        {
            "Data-parallel" => MergeSchedule.EveryStep(NumberFormat.Bf16),
            "DiLoCo" => MergeSchedule.Diloco(100),
            "Streaming" => MergeSchedule.Streaming(100, fragments, 0, NumberFormat.Bf16),
            "+ overlap" => MergeSchedule.Streaming(100, fragments, 1, NumberFormat.Bf16),
            _ => MergeSchedule.Streaming(100, fragments, 1),
        };
        return schedule with { HiddenThousandths = hidden };
    }

    /// <summary>The least rate in Gbit/s that is predicted to reach a share: found by halving.</summary>
    public double PredictedGigabits(int share, int hidden = BackwardThousandths)
    {
        long low = 1, high = 10_000_000_000_000;
        while (high - low > 1_000)
        {
            var middle = low + ((high - low) / 2);
            var reaches = SharePredictor.Predict(At(new Bandwidth(middle)), Schedule(hidden)).ShareMillionths >= share;
            (low, high) = reaches ? (low, middle) : (middle, high);
        }

        return high / 1e9;
    }
}
