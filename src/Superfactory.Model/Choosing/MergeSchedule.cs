using System.Globalization;
using Superfactory.Model.Jobs;

namespace Superfactory.Model.Choosing;

/// <summary>What is merged when, reduced to what decides how long trainers wait. Immutable and safe to share between threads.</summary>
public sealed record MergeSchedule
{
    /// <summary>The most steps between two merges that a schedule may have.</summary>
    public const int EveryMax = 1_000_000;

    private MergeSchedule(string mode, int every, int fragments, int delay, NumberFormat format) =>
        (Mode, Every, Fragments, Delay, Format, ResultFormat) = (mode, every, fragments, delay, format, format);

    /// <summary>The mode as a job file writes it: <c>every-step</c>, <c>diloco</c> or <c>streaming</c>.</summary>
    public string Mode { get; }

    /// <summary>Steps in which every parameter is merged once, H; 1 to <see cref="EveryMax"/>.</summary>
    public int Every { get; }

    /// <summary>Parts that are merged one after the other, evenly spread over those steps; 1 merges all together.</summary>
    public int Fragments { get; }

    /// <summary>Steps between the sending of a fragment and its application, τ; 0 waits for it. Less than <see cref="Every"/>.</summary>
    public int Delay { get; }

    /// <summary>How contributions travel.</summary>
    public NumberFormat Format { get; init; }

    /// <summary>How results travel among more than two islands; two send none. As <see cref="Format"/> unless set.</summary>
    public NumberFormat ResultFormat { get; init; }

    /// <summary>
    /// The part of a step, in thousandths, under which a merge is hidden beside <see cref="Delay"/>. Default 0: a merge of Superfactory
    /// begins when the step's numbers are complete. A program that sends each layer while the backward pass goes on has up to 667.
    /// </summary>
    public int HiddenThousandths { get; init; }

    /// <summary>Gradients of every step, in fp32 unless said otherwise.</summary>
    /// <param name="format">How gradients travel.</param>
    public static MergeSchedule EveryStep(NumberFormat format = NumberFormat.Fp32) => new("every-step", 1, 1, 0, format);

    /// <summary>All parameters together every H steps, in bf16 unless said otherwise.</summary>
    /// <param name="every">H, 1 to <see cref="EveryMax"/>.</param>
    /// <param name="format">How outer gradients travel.</param>
    public static MergeSchedule Diloco(int every, NumberFormat format = NumberFormat.Bf16) => new("diloco", Within(every, 1, EveryMax, nameof(every)), 1, 0, format);

    /// <summary>Fragment by fragment while training goes on, in 4 bits unless said otherwise.</summary>
    /// <param name="every">H, 1 to <see cref="EveryMax"/>.</param>
    /// <param name="fragments">Fragments, 1 to <paramref name="every"/>.</param>
    /// <param name="delay">τ, 0 up to, not including, <paramref name="every"/>.</param>
    /// <param name="format">How outer gradients travel.</param>
    public static MergeSchedule Streaming(int every, int fragments, int delay, NumberFormat format = NumberFormat.E3m0) => new(
        "streaming", Within(every, 1, EveryMax, nameof(every)), Within(fragments, 1, every, nameof(fragments)), Within(delay, 0, every - 1, nameof(delay)), format);

    /// <summary>Such as <c>every-step</c>, <c>diloco every 30</c>, <c>streaming with delay 2</c>.</summary>
    public override string ToString() => Mode switch
    {
        "diloco" => string.Create(CultureInfo.InvariantCulture, $"{Mode} every {Every}"),
        "streaming" => string.Create(CultureInfo.InvariantCulture, $"{Mode} with delay {Delay}"),
        _ => Mode,
    };

    private static int Within(int value, int minimum, int maximum, string name)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(value, minimum, name);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(value, maximum, name);
        return value;
    }
}
