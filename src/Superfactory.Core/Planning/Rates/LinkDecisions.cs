using Superfactory.Core.Commands;
using Superfactory.Core.Reading;
using Superfactory.Core.Records;
using Superfactory.Model;
using Superfactory.Model.Units;

namespace Superfactory.Core.Planning;

/// <summary>Decides upon what links are said to carry.</summary>
internal static class LinkDecisions
{
    public static Refusal? Change(Draft draft, ChangeLink change)
    {
        var name = FactoryLink.NameOf(change.A, change.B);
        var declared = FleetRates.Declared(draft.State);
        if (declared.FirstOrDefault(link => FactoryLink.NameOf(link.A, link.B) == name) is not { } known)
        {
            return new Refusal(RefusalKind.NotFound, [new Problem(
                $"There is no link between '{change.A}' and '{change.B}'; expected {(declared.IsEmpty ? "one of a fleet file, and none was applied that has links" : $"one of {Sentence.List(declared.Select(static link => $"{link.A} {link.B}"))}")}.", Field: "link")]);
        }

        if (change.BitsPerSecond is < 0 or > Bandwidth.MaxBitsPerSecond)
        {
            return new Refusal(RefusalKind.Invalid, [new Problem($"Expected a rate from 0 to {new Bandwidth(Bandwidth.MaxBitsPerSecond)}.", Field: "rate")]);
        }

        // That it carries all it is declared to is worth a word only against what gateways find.
        var whole = change.BitsPerSecond >= known.Bandwidth.BitsPerSecond;
        var bits = !whole ? change.BitsPerSecond : draft.State.MeasuredLinks.ContainsKey(name) ? known.Bandwidth.BitsPerSecond : null;
        if (draft.State.Links.GetValueOrDefault(name)?.BitsPerSecond == bits)
        {
            return null;
        }

        var reason = string.IsNullOrWhiteSpace(change.Reason) ? bits switch
        {
            null => draft.State.MeasuredLinks.ContainsKey(name) ? "Somebody took back what he had said of it." : "Somebody said that it carries what it is declared to again.",
            0 => "Somebody said that it is cut.",
            _ => $"Somebody said that it carries {new Bandwidth(bits.Value)}.",
        } : Sentence.Ended(GangDecisions.Shorten(change.Reason.Trim())!);
        var (a, b) = string.CompareOrdinal(change.A, change.B) < 0 ? (change.A, change.B) : (change.B, change.A);
        draft.Add(new LinkChanged { At = draft.Now, A = a, B = b, BitsPerSecond = bits, Reason = reason });
        return null;
    }

    /// <summary>What is found of a link that is not declared any more is nothing to go by.</summary>
    public static Refusal? Measure(Draft draft, MeasureLink measure)
    {
        var name = FactoryLink.NameOf(measure.A, measure.B);
        var known = FleetRates.Declared(draft.State).FirstOrDefault(link => FactoryLink.NameOf(link.A, link.B) == name);
        var bits = known is null || measure.BitsPerSecond >= known.Bandwidth.BitsPerSecond ? null : measure.BitsPerSecond;
        if (bits is >= 0 or null && draft.State.MeasuredLinks.GetValueOrDefault(name)?.BitsPerSecond != bits)
        {
            var (a, b) = string.CompareOrdinal(measure.A, measure.B) < 0 ? (measure.A, measure.B) : (measure.B, measure.A);
            draft.Add(new LinkChanged { At = draft.Now, A = a, B = b, BitsPerSecond = bits, Reason = Sentence.Ended(measure.Reason), Measured = true });
        }

        return null;
    }
}
