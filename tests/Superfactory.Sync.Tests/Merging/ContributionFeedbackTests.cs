using Superfactory.Model.Jobs;
using Superfactory.Sync.Arithmetic.Formats;
using Superfactory.Sync.Fragments;
using Superfactory.Sync.Merging.Rounds;

namespace Superfactory.Sync.Tests.Merging;

/// <summary>What rounding took from an island's contributions: when it is carried on, and when it is not.</summary>
public sealed class ContributionFeedbackTests
{
    private readonly FragmentPlan _plan = FragmentPlan.Create(6, 2, chunkLengthMax: 6);
    private readonly INumberFormat _format = NumberFormats.Get(NumberFormat.Int8);

    [Fact]
    public void Residual_is_carried_on_when_the_contribution_is_in_the_result_and_stays_when_it_is_not()
    {
        var feedback = Encoded(out var lost);

        feedback.Residual.ToArray().ShouldAllBe(number => number == 0, "the round is not applied");
        feedback.Complete(contributed: true);
        feedback.Residual.ToArray().ShouldBe(lost);
        Encode(feedback);
        feedback.Complete(contributed: false);
        feedback.Residual.ToArray().ShouldBe(lost);
    }

    [Fact]
    public void Island_that_takes_the_runs_state_of_another_begins_with_zero()
    {
        var feedback = Encoded(out _);
        feedback.Complete(contributed: true);
        Encode(feedback);

        feedback.Clear();

        feedback.Residual.ToArray().ShouldAllBe(number => number == 0);
        feedback.Complete(contributed: true);
        feedback.Residual.ToArray().ShouldAllBe(number => number == 0, "what was encoded before is of no round any more");
    }

    private ContributionFeedback Encoded(out float[] lost)
    {
        var feedback = new ContributionFeedback(_plan);
        var arrived = Encode(feedback);
        lost = [.. Numbers().Zip(arrived, (given, decoded) => given - decoded)];
        lost.ShouldContain(number => number != 0);
        return feedback;
    }

    private float[] Encode(ContributionFeedback feedback)
    {
        var arrived = new float[_plan.Count];
        for (var chunk = 0; chunk < _plan.Chunks; chunk++)
        {
            var span = _plan.SpanOf(chunk);
            var bytes = new byte[_format.EncodedBytes(span.Length)];
            feedback.Encode(_format, chunk, span, Numbers().AsSpan(span.Offset, span.Length), bytes);
            _format.Decode(bytes, arrived.AsSpan(span.Offset, span.Length));
        }

        return arrived;
    }

    private static float[] Numbers() => [0.1f, -0.7f, 0.33f, 1.9f, -0.01f, 0.5f];
}
