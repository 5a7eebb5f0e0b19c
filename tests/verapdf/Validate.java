import java.io.FileInputStream;
import java.util.TreeMap;
import org.verapdf.gf.foundry.VeraGreenfieldFoundryProvider;
import org.verapdf.pdfa.Foundries;
import org.verapdf.pdfa.PDFAParser;
import org.verapdf.pdfa.PDFAValidator;
import org.verapdf.pdfa.flavours.PDFAFlavour;
import org.verapdf.pdfa.results.TestAssertion;
import org.verapdf.pdfa.results.ValidationResult;

/**
 * Prints what veraPDF finds: arguments are PDF files and, with a colon before them, profiles.
 * A line a file and profile: file, profile, number of checks; then a line a broken rule, indented:
 * clause, test number, times broken, what the rule says.
 */
class Validate {
    public static void main(String[] arguments) throws Exception {
        VeraGreenfieldFoundryProvider.initialise();
        for (String file : arguments) {
            for (String profile : arguments) {
                if (profile.startsWith(":") && !file.startsWith(":")) {
                    validate(file, PDFAFlavour.fromString(profile.substring(1)));
                }
            }
        }
    }

    static void validate(String file, PDFAFlavour flavour) throws Exception {
        PDFAValidator validator = Foundries.defaultInstance().createValidator(flavour, false);
        try (PDFAParser parser =
                Foundries.defaultInstance().createParser(new FileInputStream(file), flavour)) {
            ValidationResult result = validator.validate(parser);
            System.out.println(file + "\t" + flavour.getId() + "\t" + result.getTotalAssertions());
            TreeMap<String, Integer> broken = new TreeMap<>();
            for (TestAssertion one : result.getTestAssertions()) {
                if (one.getStatus() == TestAssertion.Status.FAILED) {
                    String rule = one.getRuleId().getClause() + "\t" + one.getRuleId().getTestNumber();
                    broken.merge(rule + "\t" + one.getMessage(), 1, Integer::sum);
                }
            }
            if (broken.isEmpty() && !result.isCompliant()) {
                throw new IllegalStateException("not compliant, and no rule says why");
            }
            broken.forEach((rule, times) -> System.out.println("\t" + times + "\t" + rule));
        }
    }
}
