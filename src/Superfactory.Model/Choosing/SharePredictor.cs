using System.Globalization;
using Superfactory.Model.Jobs;

namespace Superfactory.Model.Choosing;

/// <summary>
/// Predicts what share of its compute-only rate a run keeps while its islands merge. Pure, in whole numbers: the same on every machine.
/// Safe for use by several threads.
/// </summary>
/// <remarks>
/// <para>With step time t, H steps in which everything is merged once, F fragments, delay τ, hidden part o of a step, N islands, P numbers of
/// b bits in contributions and r bits in results, link rate B, round trip L and own work W:</para>
/// <code>
/// bits sent   S = (N − 1)/N × P/F × (b + r)           two islands send contributions alone: P/F × b
/// transfer    T = S / B
/// wait        w = W/F + max(0, T + L − (τ + o)·t, T − H·t/F)
/// share         = H·t / (H·t + F·w)
/// </code>
/// <para>The first term of the maximum is a fragment that comes too late; the second is a link that does not carry fragments as fast as
/// they are made. L counts once: half of it for contributions, half for the leader's word that ends the round.</para>
/// <para>Assumed: islands of equal speed, links without other traffic, and bridges that do not take processors from trainers.</para>
/// </remarks>
public static class SharePredictor
{
    /// <summary>A whole in the unit of shares.</summary>
    public const int Whole = 1_000_000;

    private const long NanosecondsPerSecond = 1_000_000_000;

    private const long NanosecondsPerTick = NanosecondsPerSecond / TimeSpan.TicksPerSecond;

    /// <summary>Predicts one schedule.</summary>
    /// <param name="measured">What was measured.</param>
    /// <param name="schedule">What is merged when.</param>
    /// <exception cref="ArgumentOutOfRangeException">A measured value is out of its range.</exception>
    public static SharePrediction Predict(TrainingMeasurement measured, MergeSchedule schedule)
    {
        ArgumentNullException.ThrowIfNull(measured);
        ArgumentNullException.ThrowIfNull(schedule);
        measured.Check();
        Int128 round = Nanoseconds(measured.StepTime) * schedule.Every;
        var wait = measured.Islands == 1 ? 0 : Wait(measured, schedule) * schedule.Fragments;
        return new SharePrediction(schedule, (int)(round * Whole / (round + wait)));
    }

    /// <summary>How long trainers wait for one fragment, in nanoseconds.</summary>
    private static Int128 Wait(TrainingMeasurement measured, MergeSchedule schedule)
    {
        var step = Nanoseconds(measured.StepTime);
        var transfer = Transfer(measured, schedule);
        var late = transfer + Nanoseconds(measured.RoundTrip) - (step * schedule.Delay) - (step * schedule.HiddenThousandths / 1000);
        var behind = transfer - (step * schedule.Every / schedule.Fragments);
        return (Nanoseconds(measured.OwnWork) / schedule.Fragments) + Int128.Max(0, Int128.Max(late, behind));
    }

    /// <summary>How long a fragment is on an island's links in one direction, in nanoseconds.</summary>
    private static Int128 Transfer(TrainingMeasurement measured, MergeSchedule schedule)
    {
        const int BytesPerNumber = 4;
        const int QuartersPerBit = 4;
        var both = measured.Islands == 2 ? 2 * QuarterBits(schedule.Format) : QuarterBits(schedule.Format) + QuarterBits(schedule.ResultFormat);
        var sent = (Int128)(measured.ParameterBytes / BytesPerNumber) * both * (measured.Islands - 1) * NanosecondsPerSecond;
        return sent / ((Int128)QuartersPerBit * measured.Islands * schedule.Fragments * measured.LinkRate.BitsPerSecond);
    }

    /// <summary>Quarters of a bit that a number takes, scales included (docs/formats.md).</summary>
    private static int QuarterBits(NumberFormat format) => format switch
    {
        NumberFormat.Fp32 => 128,
        NumberFormat.Bf16 => 64,
        NumberFormat.Int8 => 33,
        NumberFormat.E3m0 => 17,
        _ => throw new ArgumentOutOfRangeException(nameof(format), format, "The format's size is not known here."),
    };

    private static Int128 Nanoseconds(TimeSpan time) => (Int128)time.Ticks * NanosecondsPerTick;
}

/// <summary>What a schedule is predicted to reach.</summary>
/// <param name="Schedule">What is merged when.</param>
/// <param name="ShareMillionths">Of the compute-only rate, in millionths; 0 to <see cref="SharePredictor.Whole"/>.</param>
public sealed record SharePrediction(MergeSchedule Schedule, int ShareMillionths)
{
    /// <summary>The share from 0 to 1, to be shown; decisions compare <see cref="ShareMillionths"/>.</summary>
    public double Share => (double)ShareMillionths / SharePredictor.Whole;

    /// <summary>Such as <c>diloco every 30 (98.4 %)</c>; rounded down, so that what misses a target never looks as if it had reached it.</summary>
    public override string ToString() => $"{Schedule} ({Percent(ShareMillionths)})";

    /// <summary>Millionths as percent with one decimal, rounded down.</summary>
    internal static string Percent(int millionths) => (millionths / 1000 / 10m).ToString("0.#", CultureInfo.InvariantCulture) + " %";
}
